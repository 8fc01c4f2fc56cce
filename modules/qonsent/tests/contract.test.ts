import { describe, expect, it } from 'vitest';
import { compileValidator } from '@anarq/common-schemas/validator';
import { qonsent } from '../src/contract.ts';

describe('the contract', () => {
  it('shows for every operation an input that it takes', () => {
    for (const op of Object.values(qonsent.operations)) {
      expect(op.examples.length, op.id).toBeGreaterThan(0);
      const input = compileValidator(op.input);
      for (const example of op.examples) expect(input.violations(example.input), op.id).toEqual([]);
    }
  });
});
