import { describe, expect, it } from 'vitest';
import { casesOf, folder, problemsOf } from './specs.ts';

const cases = casesOf();
if (cases.length === 0)
  console.warn(`no vectors at ${folder}: the specs of posting templates are skipped`);

describe.skipIf(cases.length === 0)('the specs of Numscript', () => {
  it.each(cases)('$name', (spec) => {
    expect(problemsOf(spec)).toEqual([]);
  });
});
