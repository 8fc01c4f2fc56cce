import fc from 'fast-check';
import { base32 } from 'multiformats/bases/base32';
import { base58btc } from 'multiformats/bases/base58';
import { describe, expect, it } from 'vitest';
import { GrantRegistry, type Policy } from '../src/index.ts';
import { codeOf, compile, delegation, person, type Person } from './builders.ts';

const [alice, bob, carol, dave] = [person(1), person(2), person(3), person(4)];

/** Alice to Bob, and from Bob one link each to Carol and Dave. */
function family() {
  const root = delegation(alice, bob, { cmd: '/q' });
  const toCarol = delegation(bob, carol, { sub: alice.did, cmd: '/q/a' });
  const toDave = delegation(bob, dave, { sub: alice.did, cmd: '/q/b', exp: 2_000 });
  const registry = new GrantRegistry();
  const forBob = compile([root]);
  const forCarol = compile([toCarol, root]);
  const forDave = compile([toDave, root]);
  for (const grant of [forBob, forCarol, forDave]) registry.add(grant);
  return { registry, root, toCarol, forBob, forCarol, forDave };
}

describe('the registry', () => {
  it('finds a grant by its leaf, and again after it was added twice', () => {
    const { registry, forCarol } = family();
    registry.add(forCarol);
    expect(registry.size).toBe(3);
    expect(registry.get(forCarol.leaf)).toBe(forCarol);
    expect(registry.findFor(carol.did, '/q/a')).toEqual([forCarol]);
    expect(registry.get('bafy')).toBeUndefined();
  });

  it('offers who calls the grants that cover a command, the most specific first', () => {
    const registry = new GrantRegistry();
    const grants = ['/', '/q/market/purchase', '/q', '/q/marketx', '/q/market'].map((cmd) =>
      compile([delegation(alice, bob, { cmd })]),
    );
    for (const grant of grants) registry.add(grant);
    const found = registry.findFor(`${bob.did}#key-1`, '/q/market/purchase');
    expect(found.map(({ cmd }) => cmd)).toEqual(['/q/market/purchase', '/q/market', '/q', '/']);
    expect(registry.findFor(carol.did, '/q')).toEqual([]);
  });

  it('offers a bounded number of grants that are costly to judge, and every other one', () => {
    const registry = new GrantRegistry();
    const give = (from: Person, pol: Policy, cmd = '/') =>
      registry.add(compile([delegation(from, bob, { cmd, pol })]));
    const like: Policy = [['like', '.a', '*b*']];
    for (let i = 0; i < 50; i += 1) give(alice, [['==', '.resource', `file ${i}`]]);
    for (let i = 0; i < 50; i += 1) give(carol, like, '/q/a/b');
    give(dave, like);
    const found = registry.findFor(bob.did, '/q/a/b');
    const from = (who: Person) => found.filter(({ subject }) => subject === who.did).length;
    expect([from(alice), from(carol), from(dave)]).toEqual([50, 8, 1]);
  });

  it('bounds them for a subject, through whomever they come', () => {
    const registry = new GrantRegistry();
    for (let seed = 10; seed < 16; seed += 1) {
      const between = person(seed);
      const root = delegation(alice, between);
      for (let i = 0; i < 10; i += 1)
        registry.add(
          compile([
            delegation(between, bob, { sub: alice.did, pol: [['any', '.a', ['==', '.', i]]] }),
            root,
          ]),
        );
    }
    const found = registry.findFor(bob.did, '/q');
    const issuers = Map.groupBy(found, ({ links }) => links[0]?.iss);
    expect(found).toHaveLength(32);
    expect(Math.max(...[...issuers.values()].map(({ length }) => length))).toBe(8);
  });

  it('offers the grants of one subject as it would pick them from all, whatever came and went', () => {
    const others = [alice, carol, dave];
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            from: fc.constantFrom(...others),
            cmd: fc.constantFrom('/', '/q', '/q/a', '/q/a/b', '/other'),
            costly: fc.boolean(),
            keep: fc.boolean(),
          }),
          { maxLength: 24 },
        ),
        (given) => {
          const registry = new GrantRegistry();
          for (const { from, cmd, costly, keep } of given) {
            const pol: Policy = costly ? [['like', '.a', '*b*']] : [];
            const grant = compile([delegation(from, bob, { cmd, pol })]);
            registry.add(grant);
            if (!keep) registry.revoke(grant.leaf);
          }
          const all = registry.findFor(bob.did, '/q/a/b');
          for (const { did } of others)
            expect(registry.findFor(bob.did, '/q/a/b', did)).toEqual(
              all.filter(({ subject }) => subject === did),
            );
          expect(all).toHaveLength(new Set(all).size);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('removes every grant below a revoked link at once, and no other', () => {
    const { registry, root, toCarol, forBob, forCarol, forDave } = family();
    expect(registry.revoke(toCarol.cid)).toEqual([forCarol.leaf]);
    expect(registry.get(forCarol.leaf)).toBeUndefined();
    expect(registry.findFor(carol.did, '/q/a')).toEqual([]);
    expect(registry.get(forDave.leaf)).toBe(forDave);
    expect(registry.revoke(root.cid).toSorted()).toEqual([forBob.leaf, forDave.leaf].toSorted());
    expect(registry.size).toBe(0);
    expect(registry.revoke(root.cid)).toEqual([]);
  });

  it('refuses a chain with a link that was revoked, even before it was ever seen', () => {
    const { registry, root, toCarol, forCarol } = family();
    registry.revoke(root.cid);
    expect(registry.isRevoked(root.cid)).toBe(true);
    expect(codeOf(() => registry.add(forCarol))).toBe('REVOKED');
    const fresh = new GrantRegistry();
    fresh.revoke(toCarol.cid);
    expect(codeOf(() => fresh.add(forCarol))).toBe('REVOKED');
    expect(fresh.size).toBe(0);
  });

  it('understands a revocation in either text form of a CID', () => {
    const { registry, root } = family();
    const zdpu = base58btc.encode(base32.decode(root.cid));
    expect(registry.revoke(zdpu)).toHaveLength(3);
    expect(registry.isRevoked(root.cid)).toBe(true);
    expect(codeOf(() => registry.revoke('not a cid'))).toBe('MALFORMED');
  });

  it('holds a leaf under one chain, so that revoking that chain is enough', () => {
    const leaf = delegation(bob, carol, { sub: alice.did });
    const first = delegation(alice, bob);
    const second = delegation(alice, bob);
    const registry = new GrantRegistry();
    registry.add(compile([leaf, first]));
    registry.add(compile([leaf, second]));
    expect(registry.size).toBe(1);
    expect(registry.revoke(first.cid)).toEqual([]);
    expect(registry.get(leaf.cid)?.chain).toEqual([leaf.cid, second.cid]);
    expect(registry.revoke(second.cid)).toEqual([leaf.cid]);
    expect(registry.findFor(carol.did, '/')).toEqual([]);
  });

  it('forgets grants that have ended', () => {
    const { registry, forDave } = family();
    expect(registry.dropExpired(2_000)).toEqual([]);
    expect(registry.dropExpired(2_001)).toEqual([forDave.leaf]);
    expect(registry.size).toBe(2);
  });
});
