import type { WriteContext } from '@anarq/kernel';

/**
 * The last page of the log in which a batch of the socket begins whose outcome the store has: such
 * transfers have no names there, and a copy of the books goes up to what a copy of the store knows.
 */
export const LAST_PAGE_TABLE = `CREATE TABLE ledger_socket_page (
  tenant TEXT NOT NULL PRIMARY KEY, page INTEGER NOT NULL
) STRICT, WITHOUT ROWID;`;

export function keepLastPage(ctx: Pick<WriteContext, 'write'>, page: number): void {
  ctx.write({
    sql: `INSERT INTO ledger_socket_page (tenant, page) VALUES (:tenant, :page)
          ON CONFLICT (tenant) DO UPDATE SET page = MAX(ledger_socket_page.page, excluded.page)`,
    postgres: `INSERT INTO ledger_socket_page (tenant, page) VALUES (:tenant, :page)
          ON CONFLICT (tenant) DO UPDATE SET page = GREATEST(ledger_socket_page.page, excluded.page)`,
    params: { page },
  });
}
