import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

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
