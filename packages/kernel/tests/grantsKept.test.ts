import { cidOf, type CompiledGrant } from '@anarq/authority';
import { utf8 } from '@anarq/crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GrantsInForce, type GrantSource } from '../src/grantsInForce.ts';

/** A grant as far as keeping it matters; what it says is shown elsewhere. */
const grantOf = (n: number, audience: string, subject: string): CompiledGrant => {
  const leaf = cidOf(utf8(`grant ${n}`));
  return {
    leaf,
    chain: [leaf],
    subject,
    audience,
    rootIssuer: subject,
    cmd: '/q',
    exp_s: null,
    nbf_s: null,
    budgets: [],
    links: [{ cid: leaf, iss: subject, aud: audience }],
    policies: [],
    costly: false,
    check: () => ({ allow: true, why: { grant: leaf, rule: '', issuer: subject, chain: [leaf] } }),
  };
};

/** The obvious twin: every grant in one list, looked through for every question. */
class Everything implements GrantSource {
  readonly grants = new Map<string, CompiledGrant>();
  reads = 0;

  held(audience: string, subject?: string): CompiledGrant[] {
    return [...this.grants.values()].filter(
      (grant) =>
        grant.audience === audience && (subject === undefined || grant.subject === subject),
    );
  }

  async between(audience: string, subject: string) {
    this.reads += 1;
    return this.held(audience, subject);
  }

  async subjectsOf(audience: string) {
    return [...new Set(this.held(audience).map(({ subject }) => subject))];
  }

  async partiesOf(cid: string) {
    return this.grants.get(cid);
  }
}

const party = fc.constantFrom('did:squid:a', 'did:squid:b', 'did:squid:c');
const action = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), audience: party, subject: party }),
  fc.record({ kind: fc.constant('revoke' as const), nth: fc.nat(30) }),
  fc.record({ kind: fc.constant('ask' as const), audience: party, subject: party }),
  fc.record({ kind: fc.constant('all' as const), audience: party }),
  fc.record({ kind: fc.constant('get' as const), nth: fc.nat(30) }),
);
const leavesOf = (grants: readonly CompiledGrant[]) => grants.map(({ leaf }) => leaf).toSorted();

describe('the grants kept in memory', () => {
  it('answer as the store would, whatever was granted, revoked, asked and forgotten between', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(action, { maxLength: 60 }),
        fc.integer({ min: 1, max: 6 }),
        async (actions, kept_max) => {
          const all = new Everything();
          const kept = new GrantsInForce(all, kept_max);
          const made: string[] = [];
          for (const each of actions) {
            if (each.kind === 'add') {
              const grant = grantOf(made.length, each.audience, each.subject);
              made.push(grant.leaf);
              all.grants.set(grant.leaf, grant);
              kept.add(grant);
            } else if (each.kind === 'ask') {
              const { audience, subject } = each;
              const found = await kept.candidates(audience, '/q', subject);
              expect(leavesOf(found)).toEqual(leavesOf(all.held(audience, subject)));
            } else if (each.kind === 'all') {
              const found = await kept.candidates(each.audience, '/q');
              expect(leavesOf(found)).toEqual(leavesOf(all.held(each.audience)));
            } else {
              const leaf = made[each.nth];
              if (leaf === undefined) continue;
              if (each.kind === 'get') {
                expect((await kept.get(leaf))?.leaf).toBe(all.grants.get(leaf)?.leaf);
                continue;
              }
              all.grants.delete(leaf);
              kept.revoke(leaf);
            }
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
