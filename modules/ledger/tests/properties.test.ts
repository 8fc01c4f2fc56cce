import fc from 'fast-check';
import { startTestNode, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ledger } from '../src/contract.ts';
import type { TransferRequest } from '../src/books/requests.ts';
import { ACCOUNT_FLAGS, TRANSFER_FLAGS } from '../src/flags.ts';
import { memoryLedger } from './memoryLedger.ts';
import { nodePlayer } from './nodePlayer.ts';
import type { Player } from './runVector.ts';

/** Accounts of the games: two units, with and without limits. */
const ACCOUNTS = [
  { id: 'world', unit: 'JPY', flags: 0 },
  { id: 'limited1', unit: 'JPY', flags: ACCOUNT_FLAGS.debits_must_not_exceed_credits },
  { id: 'limited2', unit: 'JPY', flags: ACCOUNT_FLAGS.debits_must_not_exceed_credits },
  { id: 'owing', unit: 'JPY', flags: ACCOUNT_FLAGS.credits_must_not_exceed_debits },
  { id: 'other1', unit: 'KRW', flags: 0 },
  { id: 'other2', unit: 'KRW', flags: ACCOUNT_FLAGS.debits_must_not_exceed_credits },
].map((account) => ({ ...account, code: 1 }));

const accountId = fc.constantFrom(...ACCOUNTS.map(({ id }) => id), 'nobody');
const transferId = fc.nat(40).map((n) => `t${n}`);
const linked = fc.constantFrom(0, 0, 0, TRANSFER_FLAGS.linked);

const plain = fc.record({
  id: transferId,
  debitAccountId: accountId,
  creditAccountId: accountId,
  amountMinor: fc.bigInt(0n, 12n),
  unit: fc.constantFrom('JPY', 'JPY', 'JPY', 'KRW'),
  code: fc.constant(1),
  timeout_s: fc.constant(0),
  flags: linked,
});
const pending = fc
  .record({ base: plain, timeout_s: fc.constantFrom(0, 1, 3) })
  .map(({ base, timeout_s }) => ({
    ...base,
    timeout_s,
    flags: base.flags | TRANSFER_FLAGS.pending,
  }));
const resolution = fc
  .record({
    id: transferId,
    pendingId: transferId,
    amountMinor: fc.option(fc.bigInt(0n, 12n), { nil: undefined }),
    way: fc.constantFrom(TRANSFER_FLAGS.post_pending, TRANSFER_FLAGS.void_pending),
    chain: linked,
  })
  .map(({ way, chain, ...rest }) => ({ ...rest, timeout_s: 0, flags: way | chain, unit: 'JPY' }));

/** A batch of transfers, or seconds that pass. */
const move: fc.Arbitrary<readonly TransferRequest[] | number> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.array(fc.oneof(plain, pending, resolution), { minLength: 1, maxLength: 6 }),
  },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) },
);
const game = fc.array(move, { minLength: 1, maxLength: 12 });

async function play(player: Player, moves: readonly (readonly TransferRequest[] | number)[]) {
  await player.createAccounts(ACCOUNTS);
  const answers: (readonly string[])[] = [];
  for (const step of moves)
    // A little more than whole seconds: where a timeout ends exactly, nanoseconds decide.
    if (typeof step === 'number') player.tick(step * 1000 + 1);
    else answers.push(await player.createTransfers(step));
  const balances = await Promise.all(ACCOUNTS.map(({ id }) => player.account(id)));
  return { answers, balances };
}

describe('a node beside the model of the engine', () => {
  const clock = { skew_ms: 0 };
  // Time stands still between ticks, so that both see the same instants.
  let still_ms = 0;
  let node: TestNode;
  let games = 0;
  beforeAll(async () => {
    still_ms = Date.now();
    node = await startTestNode({ modules: ['ledger'], now_ms: () => still_ms + clock.skew_ms });
  });
  afterAll(async () => node.close());

  it('answers the same, and ends with the same balances', async () => {
    await fc.assert(
      fc.asyncProperty(game, async (moves) => {
        const twin = await play(memoryLedger().player, moves);
        const caller = await node.person('player', `game${games++}`);
        const stored = await play(nodePlayer(caller, clock), moves);
        expect(stored).toStrictEqual(twin);
      }),
      { numRuns: 25 },
    );
    expect(node.errors).toStrictEqual([]);
  }, 120_000);

  it('keeps its books at zero while many move money at once', async () => {
    clock.skew_ms = 0;
    const { player } = { player: nodePlayer(node.operator, clock) };
    await player.createAccounts(ACCOUNTS);
    const batches = fc.sample(
      fc.array(fc.oneof(plain, pending, resolution), { minLength: 1, maxLength: 4 }),
      { numRuns: 60, seed: 7 },
    );
    const answers = await Promise.all(batches.map((batch) => player.createTransfers(batch)));
    expect(answers.flat()).toContain('created');
    const { books } = await node.operator.call(ledger.books, {});
    for (const book of books) expect(book.sum).toBe('0');
    const accounts = await node.operator.call(ledger.accounts, {});
    for (const account of accounts.items)
      if (account.flags.includes('debits_must_not_exceed_credits'))
        expect(
          BigInt(account.debitsPending) + BigInt(account.debitsPosted) <=
            BigInt(account.creditsPosted),
        ).toBe(true);
    expect(node.errors).toStrictEqual([]);
  });
});
