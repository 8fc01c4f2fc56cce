import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PLANTED_BUGS } from './plantedBugs.ts';

it.each(PLANTED_BUGS.map((bug) => [bug.name, bug] as const))(
  'a bug can still be planted: %s',
  (_, { file, from, to }) => {
    const source = readFileSync(join(import.meta.dirname, '../src', file), 'utf8');
    expect(source.split(from)).toHaveLength(2);
    expect(source.replace(from, to)).not.toBe(source);
  },
);
