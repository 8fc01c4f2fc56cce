import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePolicy, parsePolicy } from '@anarq/authority';
import { policyOf } from '../src/policy.ts';

const name = fc.stringMatching(/^[a-z][a-zA-Z0-9.]{1,12}$/);

describe('a policy from plain members', () => {
  it('admits exactly the named operations, by id or by tool, on exactly the named resource', () => {
    fc.assert(
      fc.property(
        name,
        fc.array(name, { minLength: 1, maxLength: 5 }),
        name,
        (resource, ops, op) => {
          const test = compilePolicy(parsePolicy(policyOf({ resource, operations: ops })));
          const admits = (args: object) => test(args) === undefined;
          const named = ops.includes(op);
          expect(admits({ resource, op, tool: 'x' })).toBe(named);
          expect(admits({ resource, op: 'x!', tool: op })).toBe(named);
          expect(admits({ resource: `${resource}/other`, op: ops[0], tool: ops[0] })).toBe(false);
          expect(admits({ op: ops[0], tool: ops[0] })).toBe(false);
        },
      ),
    );
  });

  it('limits nothing where nothing is said', () => {
    expect(policyOf({})).toEqual([]);
  });
});
