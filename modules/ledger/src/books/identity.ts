import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '@anarq/common-schemas';
import type { OwnLogPlace } from '@anarq/kernel';
import { ledgerIdIn } from '../engine/ledgerId.ts';

const hexOf = (folder: string): string => Buffer.from(ledgerIdIn(folder)).toString('hex');

/** Which books a store belongs to; undefined before the first were made. */
export async function booksOfStore({
  read,
}: Pick<OwnLogPlace, 'read'>): Promise<string | undefined> {
  const [row] = await read('SELECT id FROM ledger_books');
  return row === undefined ? undefined : String(row['id']);
}

/**
 * A store without the books that it was answered from would begin new ones, with all balances at zero.
 * @throws FOLDER_UNUSABLE where others are in the folder, or none
 */
export function checkBooks(folder: string, known: string | undefined): void {
  if (known === undefined) return;
  const found = existsSync(join(folder, 'id')) ? hexOf(folder) : undefined;
  if (found === known) return;
  fail(
    'FOLDER_UNUSABLE',
    `The store belongs to the books ${known}, and ${folder} has ${found === undefined ? 'none' : `those of ${found}`}. Start the ledger with the data folder that has them; a standby needs the same one.`,
  );
}

/** Says in the store which books are its own. */
export const keepBooks = ({ folder, commit }: Pick<OwnLogPlace, 'folder' | 'commit'>) =>
  commit([
    {
      sql: 'INSERT INTO ledger_books (id) VALUES (:id) ON CONFLICT (id) DO NOTHING',
      params: { id: hexOf(folder) },
    },
  ]);
