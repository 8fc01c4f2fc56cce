import type { Row } from '@anarq/store';

/**
 * A page of the last batch of the books of which a store knows the outcome; undefined where it knows of
 * none.
 */
export async function lastPageIn(
  read: (sql: string) => Promise<readonly Row[]>,
): Promise<number | undefined> {
  const [row] = await read(
    `SELECT MAX(page) AS page FROM (SELECT MAX(page) AS page FROM ledger_account_name
       UNION ALL SELECT MAX(page) AS page FROM ledger_transfer_name
       UNION ALL SELECT MAX(page) AS page FROM ledger_socket_page) AS pages`,
  );
  const page = row?.['page'];
  return page === null || page === undefined ? undefined : Number(page);
}
