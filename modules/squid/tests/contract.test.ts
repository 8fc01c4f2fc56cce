import { describe, expect, it } from 'vitest';
import type { AnyContract } from '@anarq/common-schemas';
import { compileValidator } from '@anarq/common-schemas/validator';
import { squid } from '../src/contract.ts';
import { MEMBER_OPERATIONS, termsOf } from '../src/roles.ts';

describe('the contract', () => {
  it('shows for every operation an input that it takes', () => {
    for (const op of Object.values(squid.operations)) {
      expect(op.examples.length, op.id).toBeGreaterThan(0);
      const input = compileValidator(op.input);
      for (const example of op.examples) expect(input.violations(example.input), op.id).toEqual([]);
    }
  });
});

describe('roles', () => {
  it('name operations that exist', async () => {
    const modules = new Set(MEMBER_OPERATIONS.map((id) => id.split('.')[0]!));
    const known = new Set<string>();
    for (const name of modules) {
      const found = (await import(`@anarq/${name}/contract`)) as Record<string, AnyContract>;
      for (const op of Object.values(found[name]!.operations)) known.add(op.id);
    }
    expect(MEMBER_OPERATIONS.filter((id) => !known.has(id))).toEqual([]);
  });

  it('leave spending, signing, consent and membership to administrators', async () => {
    const modules = new Set(MEMBER_OPERATIONS.map((id) => id.split('.')[0]!));
    for (const name of modules) {
      const found = (await import(`@anarq/${name}/contract`)) as Record<string, AnyContract>;
      for (const op of Object.values(found[name]!.operations))
        if (MEMBER_OPERATIONS.includes(op.id)) expect(op.authorises, op.id).toBeUndefined();
    }
    for (const id of ['squid.addMember', 'qonsent.grant', 'qlock.sign', 'qwallet.reserve'])
      expect(MEMBER_OPERATIONS).not.toContain(id);
    expect(termsOf('admin')).toEqual({ command: '/', policy: [] });
  });
});
