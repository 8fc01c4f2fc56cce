import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { casesOf, outcomeOf, reasonToSkip } from './dectest/cases.ts';

const folder = join(
  process.env['Q_VECTORS'] ?? join(import.meta.dirname, '../../../../shared/vectors'),
  'decimal/gda',
);
const present = existsSync(folder);
if (!present) console.warn('decimal: the General Decimal Arithmetic vectors are not here; skipped');

const NULL = 'a null reference: the types allow none';
const ENCODING = 'an encoding of an interchange format';

/** Cases that are run, and those that are not with their reasons. */
const COUNTS: Readonly<Record<string, readonly [run: number, skipped?: Record<string, number>]>> = {
  abs: [54],
  add: [1339, { [NULL]: 1 }],
  base: [733],
  compare: [400, { [NULL]: 2 }],
  comparetotal: [421, { [NULL]: 1 }],
  'cuberoot-apd': [45],
  divide: [416, { [NULL]: 2 }],
  divideint: [247, { [NULL]: 2 }],
  exp: [280, { [NULL]: 1 }],
  ln: [263, { [NULL]: 1 }],
  log10: [247, { [NULL]: 1 }],
  minus: [71],
  multiply: [344, { [NULL]: 1 }],
  plus: [73],
  power: [775, { [NULL]: 2 }],
  powersqrt: [1815, { [NULL]: 1 }],
  quantize: [497, { [ENCODING]: 8, [NULL]: 1 }],
  randoms: [2492],
  reduce: [102],
  remainder: [322, { [NULL]: 2 }],
  rounding: [641],
  squareroot: [2241, { [NULL]: 1 }],
  subtract: [433, { [NULL]: 1 }],
  tointegral: [113],
  tointegralx: [117],
};

/** Whatever further files of the same family are in the folder are run too. */
const files = present ? readdirSync(folder).filter((name) => name.endsWith('.decTest')) : [];

describe.skipIf(!present)('General Decimal Arithmetic', () => {
  it('has all its files here', () => {
    expect(Object.keys(COUNTS).filter((name) => !files.includes(`${name}.decTest`))).toEqual([]);
  });

  it.each(files)('gives result, representation and conditions of each case of %s', (file) => {
    const skipped: Record<string, number> = {};
    const wrong: string[] = [];
    let run = 0;
    for (const item of casesOf(readFileSync(join(folder, file), 'latin1'))) {
      const reason = reasonToSkip(item);
      if (reason !== undefined) {
        skipped[reason] = (skipped[reason] ?? 0) + 1;
        continue;
      }
      run += 1;
      const { result, conditions } = outcomeOf(item);
      const expected = item.conditions.toSorted().join(' ');
      if (result !== item.result || conditions.join(' ') !== expected)
        wrong.push(
          `${item.id} ${item.operation} ${item.operands.join(' ')} -> ${item.result} ${expected}, not ${result} ${conditions.join(' ')}`,
        );
    }
    expect(wrong).toEqual([]);
    const counts = COUNTS[file.replace('.decTest', '')];
    expect([run, skipped]).toEqual(
      counts === undefined ? [run, skipped] : [counts[0], counts[1] ?? {}],
    );
  });
});
