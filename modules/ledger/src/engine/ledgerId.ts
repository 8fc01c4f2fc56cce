import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LedgerRefusal } from './refusal.ts';

/** The number of a ledger: made once, and in each of its pages. */
export function ledgerIdIn(folder: string): Uint8Array {
  const path = join(folder, 'id');
  if (existsSync(path)) {
    const id = readFileSync(path);
    if (id.byteLength !== 16) throw new Error(`${path} has ${id.byteLength} bytes, not 16`);
    return new Uint8Array(id);
  }
  const id = randomBytes(16);
  // Whole or not there: a file that a crash left empty would be no ledger's for ever.
  writeFileSync(`${path}.half`, id, { mode: 0o600, flush: true });
  renameSync(`${path}.half`, path);
  return new Uint8Array(id);
}

/** Where the batches of an order begin in the log of a ledger. */
export interface OrderBegin {
  /** Page of the log. */
  readonly page: number;
  /** State hash of the books before it, in hex; zeros where they were empty. */
  readonly digest: string;
}

const orderPath = (folder: string): string => join(folder, 'ordered');

/** From where on the log has batches of an order; undefined where it has none. */
export function orderBeginIn(folder: string): OrderBegin | undefined {
  const path = orderPath(folder);
  if (!existsSync(path)) return undefined;
  const found = /^(\d{1,15}) ([0-9a-f]{64})\n$/.exec(readFileSync(path, 'utf8'));
  const [, page, digest] = found ?? [];
  if (page === undefined || digest === undefined) throw new Error(`${path} is damaged`);
  return { page: Number(page), digest };
}

/** Has only an order write to this ledger from now on. */
export function keepOrderBegin(folder: string, { page, digest }: OrderBegin): void {
  const path = orderPath(folder);
  writeFileSync(`${path}.half`, `${page} ${digest}\n`, { mode: 0o600, flush: true });
  renameSync(`${path}.half`, path);
}

/**
 * The number of a ledger that is opened for writing.
 * @throws LedgerRefusal where its batches come from an order, and would come from elsewhere now
 */
export function writtenLedgerIn(folder: string, isOrdered: boolean): Uint8Array {
  if (!isOrdered && orderBeginIn(folder) !== undefined)
    throw new LedgerRefusal(
      'FOLDER_UNUSABLE',
      `the batches of the ledger in ${folder} come from an order: it is opened with that`,
    );
  return ledgerIdIn(folder);
}
