import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  accountIn,
  accountOf,
  carryOut,
  decodeState,
  encodeState,
  EXPIRY_MAX_ms,
  hexOf,
  Malformed,
  NONCES_OPEN,
  stateRoot,
  type Action,
  type ChainState,
  type Transaction,
} from '../src/index.ts';
import {
  ana,
  authority,
  ben,
  entryOf,
  executed,
  keys,
  TIME_MS,
  transactionOf,
  transfer,
  treasury,
  validators,
  type Person,
} from './chain.ts';

const begin = executed.state;
const done = (state: ChainState, who: Person, transaction: Transaction) =>
  carryOut(state, entryOf(who, transaction), 0, TIME_MS + 1);
const act = (state: ChainState, who: Person, nonce: bigint, action: Action, more = {}) =>
  done(state, who, transactionOf(who, nonce, action, more));
const balance = (state: ChainState, who: Person) => accountIn(state, who.id).balance;
const sum = (state: ChainState) =>
  [authority, ana, ben, treasury].reduce((total, who) => total + balance(state, who), 0n);

describe('a transaction', () => {
  it('moves money and its fee, and the sum stays', () => {
    const { state, receipt } = act(begin, ana, 1n, transfer(ben, 300n), { fee: 5n });
    expect(receipt).toMatchObject({ code: 'OK', nonce: 1n });
    expect([balance(state, ana), balance(state, ben), balance(state, treasury)]).toEqual([
      695n,
      1_300n,
      5n,
    ]);
    expect(sum(state)).toBe(state.supply);
  });

  it('is carried out once, however often it comes', () => {
    const transaction = transactionOf(ana, 1n, transfer(ben, 300n));
    const once = done(begin, ana, transaction);
    const twice = done(once.state, ana, transaction);
    expect(twice).toEqual({ state: once.state, receipt: undefined });
  });

  it('loses against the one that used its nonce first, with a receipt that says so', () => {
    const { state } = act(begin, ana, 1n, transfer(ben, 300n));
    const loser = act(state, ana, 1n, transfer(authority, 300n));
    expect(loser.receipt).toMatchObject({ code: 'NONCE_USED' });
    expect(loser.state).toBe(state);
  });

  it.each<[string, Person, Action, object]>([
    ['BALANCE_TOO_LOW', ana, transfer(ben, 1_000n), {}],
    ['AMOUNT_ZERO', ana, transfer(ben, 0n), {}],
    ['FEE_TOO_LOW', ana, transfer(ben, 1n), { fee: 0n }],
    ['NOT_AUTHORISED', ana, { kind: 'mint', to: ana.id, amount: 1n }, {}],
    ['NOT_AUTHORISED', ana, { kind: 'setValidators', publicKeys: validators }, {}],
    ['VALIDATORS_INVALID', authority, { kind: 'setValidators', publicKeys: [] }, {}],
    ['BALANCE_TOO_LOW', ana, { kind: 'burn', amount: 2_000n }, {}],
    ['KEY_KNOWN', ana, { kind: 'register', publicKey: ana.publicKey }, {}],
    ['BALANCE_OVERFLOW', authority, { kind: 'mint', to: ana.id, amount: (1n << 128n) - 1n }, {}],
  ])(
    'that is refused with %s changes no balance, and is refused for good',
    (code, who, action, more) => {
      const { state, receipt } = act(begin, who, 1n, action, more);
      expect(receipt?.code).toBe(code);
      for (const each of [authority, ana, ben, treasury])
        expect(balance(state, each)).toBe(balance(begin, each));
      expect(state.supply).toBe(begin.supply);
      expect(act(state, who, 1n, action, more).receipt).toBeUndefined();
    },
  );

  it.each([
    ['EXPIRED', { notAfter_ms: TIME_MS }],
    ['EXPIRY_TOO_FAR', { notAfter_ms: TIME_MS + EXPIRY_MAX_ms + 2 }],
  ])('outside its time is refused with %s, for good', (code, more) => {
    const { state, receipt } = act(begin, ana, 1n, transfer(ben, 1n), more);
    expect(receipt).toMatchObject({ code });
    for (const each of [ana, ben, treasury])
      expect(balance(state, each)).toBe(balance(begin, each));
    const later = carryOut(
      state,
      entryOf(ana, transactionOf(ana, 1n, transfer(ben, 1n), more)),
      0,
      TIME_MS + 5,
    );
    expect(later).toEqual({ state, receipt: undefined });
  });

  it('uses nonces in any order within a window, and none outside it, of which nothing is said for good', () => {
    let state = begin;
    for (const nonce of [3n, 1n, BigInt(NONCES_OPEN), 2n])
      state = act(state, ana, nonce, transfer(ben, 1n)).state;
    expect(accountIn(state, ana.id).usedUpTo).toBe(3n);
    for (const nonce of [0n, BigInt(NONCES_OPEN) + 4n])
      expect(act(state, ana, nonce, transfer(ben, 1n))).toEqual({ state, receipt: undefined });
  });

  it('that succeeded is never said to have failed, however late it comes again', () => {
    const first = transactionOf(ana, 1n, transfer(ben, 1n));
    let { state } = done(begin, ana, first);
    for (let nonce = 2n; nonce <= 3n * BigInt(NONCES_OPEN); nonce += 1n)
      ({ state } = act(state, ana, nonce, transfer(ben, 1n)));
    expect(done(state, ana, first)).toEqual({ state, receipt: undefined });
  });

  it('makes and takes money only by its authority and its owner', () => {
    const minted = act(begin, authority, 1n, { kind: 'mint', to: ben.id, amount: 50n }).state;
    expect([minted.supply, sum(minted)]).toEqual([begin.supply + 50n, begin.supply + 50n]);
    const burned = act(minted, ben, 1n, { kind: 'burn', amount: 150n }).state;
    expect([burned.supply, sum(burned)]).toEqual([begin.supply - 100n, begin.supply - 100n]);
  });

  it('registers the key from which an account has its id, and no other', () => {
    const publicKey = keys.make('carla');
    const carla = { name: 'carla', publicKey, id: accountOf(publicKey) };
    const paid = act(begin, ana, 1n, transfer(carla, 10n)).state;
    const wrong = act(paid, carla, 1n, { kind: 'register', publicKey: ben.publicKey });
    expect(wrong.receipt?.code).toBe('KEY_OF_ANOTHER');
    const right = act(paid, carla, 2n, { kind: 'register', publicKey });
    expect(right.receipt?.code).toBe('OK');
    expect(hexOf(accountIn(right.state, carla.id).publicKey!)).toBe(hexOf(publicKey));
  });

  it('of an account that nobody paid leaves nothing behind: the state has no room for nothing', () => {
    const publicKey = keys.make('dan');
    const dan = { name: 'dan', publicKey, id: accountOf(publicKey) };
    for (const fee of [0n, 1n])
      expect(act(begin, dan, 1n, { kind: 'register', publicKey }, { fee })).toEqual({
        state: begin,
        receipt: undefined,
      });
  });

  it('that names no key at all is none: it would be read back as another state', () => {
    for (const publicKey of [new Uint8Array(), new Uint8Array(31)])
      expect(() => entryOf(ana, transactionOf(ana, 1n, { kind: 'changeKey', publicKey }))).toThrow(
        Malformed,
      );
  });

  it('changes its key for what comes after the entry, and pays itself without gain', () => {
    const publicKey = keys.make('ana again');
    const entry = entryOf(
      ana,
      transactionOf(ana, 1n, { kind: 'changeKey', publicKey }),
      transactionOf(ana, 2n, transfer(ana, 400n)),
    );
    let state = begin;
    for (const index of entry.transactions.keys())
      ({ state } = carryOut(state, entry, index, TIME_MS + 1));
    expect(hexOf(accountIn(state, ana.id).publicKey!)).toBe(hexOf(publicKey));
    expect(balance(state, ana)).toBe(998n);
    expect(sum(state)).toBe(begin.supply);
  });

  it('of a batch that fails changes nothing of the others', () => {
    const entry = entryOf(
      ana,
      transactionOf(ana, 1n, transfer(ben, 5_000n)),
      transactionOf(ana, 2n, transfer(ben, 100n)),
    );
    let state = begin;
    const codes = [...entry.transactions.keys()].map((index) => {
      const after = carryOut(state, entry, index, TIME_MS + 1);
      ({ state } = after);
      return after.receipt?.code;
    });
    expect(codes).toEqual(['BALANCE_TOO_LOW', 'OK']);
    expect([balance(state, ana), balance(state, ben)]).toEqual([899n, 1_100n]);
  });

  it('has no amount of 2^128 or more, which would be written as another one', () => {
    for (const amount of [1n << 128n, -1n])
      expect(() => entryOf(ana, transactionOf(ana, 1n, transfer(ben, amount)))).toThrow(RangeError);
  });
});

describe('the state', () => {
  it('has another root when one balance is another, or a nonce is used', () => {
    const roots = [
      begin,
      act(begin, ana, 1n, transfer(ben, 1n)).state,
      act(begin, ana, 1n, transfer(ben, 2n)).state,
      act(begin, ana, 1n, transfer(ben, 5_000n)).state,
    ].map((state) => hexOf(stateRoot(state)));
    expect(new Set(roots).size).toBe(4);
  });

  it('comes back from its bytes with every balance, and not where money was added to them', () => {
    const { state } = act(begin, ana, 1n, transfer(ben, 7n));
    const bytes = encodeState(state);
    const back = decodeState(bytes);
    expect(hexOf(stateRoot(back))).toBe(hexOf(stateRoot(state)));
    expect(balance(back, ben)).toBe(1_007n);
    const forged = encodeState({ ...state, supply: state.supply + 1n });
    expect(() => decodeState(forged)).toThrow('the balances are not the supply');
  });

  it('has one form in bytes: no account stands twice or out of its order', () => {
    const bytes = encodeState({ ...begin, nextValidators: [] });
    // Behind supply, authority, treasury, least fee and two counts: ids of 32 bytes, lengths, and as many bytes.
    const at = 16 + 32 + 32 + 16 + 4 + 4;
    const length = 36 + new DataView(bytes.buffer).getUint32(at + 32);
    const [one, two] = [
      bytes.subarray(at, at + length),
      bytes.subarray(at + length, at + 2 * length),
    ];
    const swapped = Uint8Array.from([
      ...bytes.subarray(0, at),
      ...two,
      ...one,
      ...bytes.subarray(at + 2 * length),
    ]);
    expect(() => decodeState(swapped)).toThrow('in their order, each once');
  });

  it('keeps its sum through any row of transactions', () => {
    const people = [authority, ana, ben];
    const step = fc.tuple(
      fc.nat({ max: 2 }),
      fc.nat({ max: 2 }),
      fc.bigInt({ min: 0n, max: 1_500n }),
      fc.bigInt({ min: 0n, max: 70n }),
      fc.constantFrom('transfer', 'mint', 'burn'),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let state = begin;
        for (const [from, to, amount, nonce, kind] of steps) {
          const action: Action =
            kind === 'transfer'
              ? transfer(people[to]!, amount)
              : kind === 'mint'
                ? { kind: 'mint', to: people[to]!.id, amount }
                : { kind: 'burn', amount };
          ({ state } = act(state, people[from]!, nonce, action));
          expect(sum(state)).toBe(state.supply);
          for (const who of [...people, treasury]) expect(balance(state, who) >= 0n).toBe(true);
        }
      }),
      { numRuns: 60, seed: 7 },
    );
  });
});
