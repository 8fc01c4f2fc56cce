import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { problemsOf } from './tables.ts';

const root = process.env['Q_VECTORS'] ?? join(import.meta.dirname, '../../../../shared/vectors');
const folder = join(root, 'ledger/tigerbeetle');
const present = existsSync(folder);
if (!present) console.warn(`no vectors at ${folder}: the tables of the ledger are skipped`);

describe.skipIf(!present)('the tables of the ledger', () => {
  it.each(present ? readdirSync(folder).filter((name) => name.endsWith('.txt')) : [])(
    '%s',
    (name) => {
      expect(problemsOf(readFileSync(join(folder, name), 'utf8'))).toEqual([]);
    },
  );
});
