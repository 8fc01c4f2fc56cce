import { createPublicKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AuthorityError,
  compareDecimals,
  compileChain,
  decodeDelegation,
  type CheckRequest,
  type Delegation,
} from '../src/index.ts';
import { codeOf, compile, delegation, nobody, person, token, type Stated } from './builders.ts';

const people = Array.from({ length: 12 }, (_, i) => person(i + 1));
const at = (i: number) => people[i] ?? person(99);
const [alice, bob, carol, dave] = [at(0), at(1), at(2), at(3)];

/** The chain from person 0 to person n, leaf first; one statement for each link, root first. */
function chainOf(stated: readonly Stated[]): Delegation[] {
  return stated
    .map((one, i) => delegation(at(i), at(i + 1), { sub: alice.did, ...one }))
    .toReversed();
}

const compileCode = (chain: readonly Delegation[], now_s = 1_000) =>
  codeOf(() => compile(chain, now_s));

const budget = (total: string, perCall?: string, unit = 'rUv') => ({
  'q/budget': { unit, total, ...(perCall === undefined ? {} : { perCall }) },
});

describe('a chain', () => {
  it('is compiled to what its links together allow', () => {
    const chain = chainOf([
      { cmd: '/', exp: 5_000, meta: budget('100', '10') },
      { cmd: '/qmarket', nbf: 500, exp: 9_000 },
      { cmd: '/qmarket/purchase', nbf: 200, meta: budget('20.5') },
    ]);
    const grant = compile(chain);
    const cids = chain.map(({ cid }) => cid);
    expect(grant).toMatchObject({
      leaf: cids[0],
      chain: cids,
      subject: alice.did,
      audience: dave.did,
      rootIssuer: alice.did,
      cmd: '/qmarket/purchase',
      exp_s: 5_000,
      nbf_s: 500,
      links: [
        { cid: cids[0], iss: carol.did, aud: dave.did },
        { cid: cids[1], iss: bob.did, aud: carol.did },
        { cid: cids[2], iss: alice.did, aud: bob.did },
      ],
    });
    expect(grant.budgets).toMatchObject([
      { cid: cids[0], issuer: carol.did, unit: 'rUv', total: '20.5' },
      { cid: cids[2], issuer: alice.did, unit: 'rUv', total: '100', perCall: '10' },
    ]);
    expect(compile(chainOf([{}])).exp_s).toBeNull();
    expect(compile(chainOf([{}])).nbf_s).toBeNull();
  });

  it('of no links, of too many, or with one missing is refused', () => {
    const eight = chainOf(Array.from({ length: 8 }, () => ({})));
    expect(compileCode([])).toBe('BROKEN_CHAIN');
    expect(compileCode(eight)).toBe('ACCEPTED');
    expect(compileCode(chainOf(Array.from({ length: 9 }, () => ({}))))).toBe('TOO_LONG');
    for (let missing = 1; missing < 8; missing += 1) {
      expect(compileCode(eight.filter((_, i) => i !== missing))).toBe('BROKEN_CHAIN');
    }
    expect(compileCode([...eight].toReversed())).toBe('BROKEN_CHAIN');
  });

  it('with a repeated token or a principal that receives again is a cycle', () => {
    const [leaf, root] = chainOf([{}, {}]);
    if (leaf === undefined || root === undefined) throw new Error('two links');
    const toSelf = delegation(alice, alice);
    const back = delegation(bob, alice, { sub: alice.did });
    const again = delegation(alice, bob);
    expect(compileCode([root, root])).toBe('CYCLE');
    expect(compileCode([toSelf])).toBe('CYCLE');
    expect(compileCode([toSelf, toSelf])).toBe('CYCLE');
    expect(compileCode([root, toSelf])).toBe('CYCLE');
    expect(compileCode([back, root])).toBe('CYCLE');
    expect(compileCode([again, back, root])).toBe('CYCLE');
    expect(compileCode([leaf, again, back, root])).toBe('CYCLE');
    expect(compileCode([root, back])).toBe('CYCLE');
    const toCarol = delegation(bob, carol, { sub: alice.did });
    const backToBob = delegation(carol, bob, { sub: alice.did });
    expect(compileCode([backToBob, toCarol, root])).toBe('CYCLE');
    const bobToBob = delegation(bob, bob, { sub: alice.did });
    expect(compileCode([leaf, bobToBob, root])).toBe('CYCLE');
  });

  it('whose subject changes in the middle is refused', () => {
    for (const i of [1, 2]) {
      const stated: Stated[] = [{}, {}, {}, {}];
      stated[i] = { sub: bob.did };
      expect(compileCode(chainOf(stated))).toBe('WRONG_SUBJECT');
    }
  });

  it('spliced from two roots is refused', () => {
    const fromDave = delegation(dave, bob);
    const aboutAlice = delegation(bob, carol, { sub: alice.did });
    const aboutDave = delegation(bob, carol, { sub: dave.did });
    const fromAlice = delegation(alice, bob);
    expect(compileCode([aboutDave, fromDave])).toBe('ACCEPTED');
    expect(compileCode([aboutAlice, fromDave])).toBe('WRONG_SUBJECT');
    expect(compileCode([aboutDave, fromAlice])).toBe('WRONG_SUBJECT');
    expect(compileCode([aboutAlice])).toBe('BROKEN_CHAIN');
  });

  it('may pass on everything below its root, and never at it', () => {
    const powerline = delegation(bob, carol, { sub: null });
    const grant = compile([powerline, delegation(alice, bob)]);
    expect(grant.subject).toBe(alice.did);
    expect(compileCode([powerline])).toBe('WRONG_SUBJECT');
    const onward = delegation(carol, dave, { sub: bob.did });
    expect(compileCode([onward, powerline, delegation(alice, bob)])).toBe('WRONG_SUBJECT');
  });

  it('widens no command, and knows a segment from a prefix', () => {
    const pair = (parent: string, child: string) =>
      compileCode(chainOf([{ cmd: parent }, { cmd: child }]));
    expect(pair('/qmarket', '/qmarket/purchase')).toBe('ACCEPTED');
    expect(pair('/qmarket', '/qmarket')).toBe('ACCEPTED');
    expect(pair('/', '/qmarketx')).toBe('ACCEPTED');
    expect(pair('/qmarket', '/qmarketx')).toBe('OVER_BROAD');
    expect(pair('/qmarket/purchase', '/qmarket')).toBe('OVER_BROAD');
    expect(pair('/qmarket', '/')).toBe('OVER_BROAD');
    expect(pair('/qmarket', '/qdrive')).toBe('OVER_BROAD');
  });

  it('widens no budget of the same unit, however far above it stands', () => {
    const three = (...metas: (Record<string, unknown> | undefined)[]) =>
      compileCode(chainOf(metas.map((meta) => (meta === undefined ? {} : { meta }))));
    expect(three(budget('20', '5'), budget('20', '5'))).toBe('ACCEPTED');
    expect(three(budget('20'), budget('20.000000000000000001'))).toBe('OVER_BROAD');
    expect(three(budget('20', '5'), budget('1', '5.01'))).toBe('OVER_BROAD');
    expect(three(budget('9'), undefined, budget('10'))).toBe('OVER_BROAD');
    expect(three(budget('9'), budget('1', '1', 'EUR'), budget('10'))).toBe('OVER_BROAD');
    expect(three(budget('9'), budget('1000', '1000', 'EUR'))).toBe('ACCEPTED');
    expect(three(budget('9'), undefined)).toBe('ACCEPTED');
    const daily = (perDay: string, until_s?: number) => ({
      'q/budget': { unit: 'rUv', perDay, ...(until_s === undefined ? {} : { until_s }) },
    });
    expect(three(daily('5', 900), daily('5', 900))).toBe('ACCEPTED');
    expect(three(daily('5'), daily('5.1'))).toBe('OVER_BROAD');
    expect(three(daily('5', 900), daily('5', 901))).toBe('OVER_BROAD');
    expect(three(daily('5', 900), daily('5'))).toBe('ACCEPTED');
    const calls = (perHour: number) => ({ 'q/calls': { perHour } });
    expect(three(calls(9), calls(9))).toBe('ACCEPTED');
    expect(three(calls(9), calls(10))).toBe('OVER_BROAD');
    expect(three(calls(9), budget('1000'))).toBe('ACCEPTED');
  });

  it('holds between the latest start and the earliest end of its links, both included', () => {
    const chain = chainOf([
      { nbf: 100, exp: 300 },
      { nbf: 200, exp: 400 },
    ]);
    expect(compileCode(chain, 199)).toBe('NOT_YET_VALID');
    expect(compileCode(chain, 200)).toBe('ACCEPTED');
    expect(compileCode(chain, 300)).toBe('ACCEPTED');
    expect(compileCode(chain, 301)).toBe('EXPIRED');
    expect(compileCode(chain, Number.NaN)).toBe('EXPIRED');
    const expiredParent = chainOf([{ exp: 999 }, {}, {}]);
    expect(compileCode(expiredParent)).toBe('EXPIRED');
  });

  it('ignores fragments of DIDs, which name keys and not principals', () => {
    const did = 'did:webvh:Qm1:example.com';
    const owner = { ...bob, did: `${did}#key-1` };
    const keysOf = (asked: string) =>
      asked.startsWith(did) ? { ed25519: createPublicKey(bob.ed25519) } : undefined;
    const root = delegation(alice, { ...bob, did });
    const leaf = delegation(owner, carol, { sub: alice.did });
    const grant = compileChain([leaf, root], { now_s: 1, keysOf });
    expect(grant.links.map(({ iss }) => iss)).toEqual([did, alice.did]);
  });

  it('names the link that broke it', () => {
    const chain = chainOf([{}, { exp: 5 }, {}]);
    try {
      compile(chain);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(AuthorityError);
      expect(error).toMatchObject({ code: 'EXPIRED', link: chain[1]?.cid });
    }
  });
});

describe('any chain', () => {
  /** A chain of random length that narrows at random, and where to hurt it. */
  const narrowing = fc
    .tuple(
      fc.array(fc.record({ narrow: fc.boolean(), spend: fc.boolean() }), {
        minLength: 2,
        maxLength: 8,
      }),
      fc.nat(),
    )
    .map(([links, where]) => {
      let cmd = '/q';
      let total = 1_000;
      const stated = links.map(({ narrow, spend }): Stated => {
        if (narrow) cmd += '/x';
        if (spend) total -= 10;
        return { cmd, meta: budget(String(total), '5'), exp: 2_000, nbf: 500 };
      });
      return { stated, where: 1 + (where % (links.length - 1)) };
    });

  const violations: Record<string, [change: Stated, code: string]> = {
    'a wider command': [{ cmd: '/' }, 'OVER_BROAD'],
    'a sibling command': [{ cmd: '/qx' }, 'OVER_BROAD'],
    'a larger total': [{ meta: budget('1000.01', '5') }, 'OVER_BROAD'],
    'a larger call': [{ meta: budget('1', '5.1') }, 'OVER_BROAD'],
    'another subject': [{ sub: at(10).did }, 'WRONG_SUBJECT'],
    'another audience': [{ aud: at(10).did }, 'BROKEN_CHAIN'],
    'an audience from above': [{ aud: alice.did }, 'CYCLE'],
    'an end in the past': [{ exp: 999 }, 'EXPIRED'],
    'a start in the future': [{ nbf: 1_001 }, 'NOT_YET_VALID'],
  };

  it('that only narrows is accepted, and with one violation anywhere is refused', () => {
    const names = Object.keys(violations);
    fc.assert(
      fc.property(narrowing, fc.constantFrom(...names), ({ stated, where }, name) => {
        expect(compileCode(chainOf(stated))).toBe('ACCEPTED');
        const [change, code] = violations[name] ?? [{}, ''];
        const isLeaf = where === stated.length - 1;
        // The audience of a leaf is bound by the check of a call, not by a link below it.
        if (name === 'another audience' && isLeaf) return;
        const hurt = stated.map((one, i) => (i === where ? { ...one, ...change } : one));
        const expected = name === 'an audience from above' && !isLeaf ? 'BROKEN_CHAIN' : code;
        expect(compileCode(chainOf(hurt))).toBe(expected);
      }),
      { numRuns: 150 },
    );
  });

  it('whose link is signed by somebody else is refused', () => {
    fc.assert(
      fc.property(narrowing, ({ stated, where }) => {
        const chain = chainOf(stated);
        const forged = { ...at(10), did: at(where).did };
        const one = { sub: alice.did, ...stated[where] };
        chain[stated.length - 1 - where] = delegation(forged, at(where + 1), one);
        expect(compileCode(chain)).toBe('BAD_SIGNATURE');
      }),
      { numRuns: 30 },
    );
  });

  it('with any byte of any token changed is refused', () => {
    const tokens = [{ cmd: '/q', meta: budget('10') }, { cmd: '/q/x' }, { exp: 2_000, cmd: '/q/x' }]
      .map((stated, i) => token(at(i), at(i + 1), { sub: alice.did, ...stated }))
      .toReversed();
    const code = (bytes: readonly Uint8Array[]) =>
      codeOf(() => compile(bytes.map((one) => decodeDelegation(one))));
    expect(code(tokens)).toBe('ACCEPTED');
    fc.assert(
      fc.property(fc.nat(2), fc.nat(), fc.integer({ min: 1, max: 255 }), (which, where, mask) => {
        const bad = tokens.map((bytes) => Uint8Array.from(bytes));
        const hurt = bad[which] ?? new Uint8Array();
        const byte = where % hurt.length;
        hurt[byte] = (hurt[byte] ?? 0) ^ mask;
        expect(code(bad)).not.toMatch(/ACCEPTED|threw/);
      }),
      { numRuns: 1_500 },
    );
  });
});

describe('decimal strings', () => {
  it('compare as exact numbers do', () => {
    const scale = 10n ** 6n;
    const amount = fc.tuple(fc.bigInt({ min: 0n, max: 10n ** 12n }), fc.nat(999_999));
    const print = ([whole, fraction]: [bigint, number]) => {
      const digits = String(fraction).padStart(6, '0').replace(/0+$/, '');
      return digits === '' ? String(whole) : `${whole}.${digits}`;
    };
    fc.assert(
      fc.property(amount, amount, (a, b) => {
        const difference = a[0] * scale + BigInt(a[1]) - (b[0] * scale + BigInt(b[1]));
        const expected = difference > 0n ? 1 : difference < 0n ? -1 : 0;
        expect(Math.sign(compareDecimals(print(a), print(b)))).toBe(expected);
      }),
    );
    expect(compareDecimals('1', '1.0')).toBe(0);
    expect(compareDecimals('1.10', '1.1')).toBe(0);
  });
});

describe('a compiled grant', () => {
  const chain = chainOf([
    { cmd: '/qmarket', pol: [['<=', '.price', 100]], exp: 5_000, nbf: 500 },
    { cmd: '/qmarket/purchase', pol: [['like', '.listing', 'ds-*']] },
  ]);
  const grant = compile(chain);
  const call: CheckRequest = {
    command: '/qmarket/purchase',
    args: { price: 5, listing: 'ds-1' },
    audience: carol.did,
    subject: alice.did,
    now_s: 1_000,
  };
  const check = (change: Partial<CheckRequest>) => grant.check({ ...call, ...change });

  it('admits a call within it, and allocates no verdict', () => {
    expect(check({})).toEqual({
      allow: true,
      why: {
        grant: grant.leaf,
        rule: 'the grant covers command /qmarket/purchase',
        issuer: bob.did,
        chain: grant.chain,
      },
    });
    expect(check({})).toBe(check({ command: '/qmarket/purchase/quick' }));
  });

  it('refuses with the rule, the limit, and who may change it', () => {
    const came = '/qmarket/purchasex';
    expect(check({ command: came })).toEqual({
      allow: false,
      code: 'COMMAND_NOT_COVERED',
      why: {
        grant: grant.leaf,
        rule: 'command /qmarket/purchasex is not covered by /qmarket/purchase',
        limit: { kind: 'command', cmd: '/qmarket/purchase', came },
        issuer: bob.did,
        chain: grant.chain,
      },
    });
    expect(check({ now_s: 5_001 })).toMatchObject({
      code: 'EXPIRED',
      why: { issuer: alice.did, limit: { kind: 'expiry', exp_s: 5_000, now_s: 5_001 } },
    });
    expect(check({ now_s: 499 })).toMatchObject({
      code: 'NOT_YET_VALID',
      why: { issuer: alice.did, limit: { kind: 'start', nbf_s: 500 } },
    });
    expect(check({ audience: dave.did })).toMatchObject({
      code: 'WRONG_AUDIENCE',
      why: { limit: { audience: carol.did, came: dave.did } },
    });
    expect(check({ subject: bob.did })).toMatchObject({
      code: 'WRONG_SUBJECT',
      why: { limit: { subject: alice.did, came: bob.did } },
    });
    expect(check({ args: { price: 101, listing: 'ds-1' } })).toMatchObject({
      code: 'POLICY',
      why: {
        rule: 'the policy expects .price <= 100; it is 101',
        issuer: alice.did,
        limit: { kind: 'policy', link: chain[1]?.cid, statement: '/0', actual: '101' },
      },
    });
    expect(check({ args: { price: 1, listing: 'x' } })).toMatchObject({
      code: 'POLICY',
      why: { issuer: bob.did, limit: { link: chain[0]?.cid } },
    });
  });

  it('refuses when the time is not a number', () => {
    expect(check({ now_s: Number.NaN }).allow).toBe(false);
    const endless = compile(chainOf([{}]));
    const request = { ...call, audience: bob.did, now_s: Number.NaN };
    expect(endless.check(request).allow).toBe(false);
  });

  it('reads a caller with a fragment as the same caller', () => {
    expect(check({ audience: `${carol.did}#key-1` }).allow).toBe(true);
  });

  it('asks no directory for did:key principals', () => {
    expect(() => compileChain(chain, { now_s: 1_000, keysOf: nobody })).not.toThrow();
  });
});
