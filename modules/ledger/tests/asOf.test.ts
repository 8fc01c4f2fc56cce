import fc from 'fast-check';
import type { InputOf } from '@anarq/common-schemas';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ledger } from '../src/contract.ts';
import { exactText } from '../src/instants.ts';

type Transfer = InputOf<typeof ledger.createTransfers>['transfers'][number];

/** Two accounts with history and two without, one of each limited. */
const ACCOUNTS = ['world', 'kept', 'plain', 'limited'] as const;
const FLAGS = {
  world: [],
  kept: ['history'],
  plain: [],
  limited: ['history', 'debits_must_not_exceed_credits'],
} as const;

const account = fc.constantFrom(...ACCOUNTS);
const move = fc.record({
  from: account,
  to: account,
  amount: fc.integer({ min: 0, max: 9 }),
  kind: fc.constantFrom('plain', 'plain', 'hold', 'hold', 'hold', 'closing'),
  timeout_s: fc.constantFrom(0, 1, 2),
});
const end = fc.record({
  of: fc.nat(30),
  way: fc.constantFrom('post_pending' as const, 'void_pending' as const),
});
/** What happens at one instant, and how many milliseconds later the next comes. */
const step = fc.record({
  moves: fc.array(fc.oneof(move, move, end), { minLength: 1, maxLength: 4 }),
  after_ms: fc.constantFrom(1, 1, 7, 600, 1_300),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

describe('an account as of an instant', () => {
  // Time stands still between steps, so that a step happens at one instant.
  const still_ms = Date.now();
  const clock = { skew_ms: 0 };
  let node: TestNode;
  let games = 0;
  beforeAll(async () => {
    node = await startTestNode({ modules: ['ledger'], now_ms: () => still_ms + clock.skew_ms });
  });
  afterAll(async () => node.close());

  /** Calls are signed at the node's time. */
  const later = () => ({ skew_ms: still_ms + clock.skew_ms - Date.now() });
  const now = () => new Date(still_ms + clock.skew_ms).toISOString();
  const read = (who: Actor, accountId: string, asOf?: string) =>
    who.call(ledger.account, { accountId, ...(asOf === undefined ? {} : { asOf }) }, later());
  const readAll = (who: Actor, asOf?: string) =>
    Promise.all(ACCOUNTS.map((id) => read(who, id, asOf)));
  const open = async (who: Actor) =>
    who.call(
      ledger.createAccounts,
      { accounts: ACCOUNTS.map((id) => ({ id, unit: 'JPY', code: 1, flags: [...FLAGS[id]] })) },
      later(),
    );
  const transfersOf = ({ moves }: Step, place: number, holds: readonly string[]): Transfer[] =>
    moves.map((one, i) =>
      'way' in one
        ? {
            id: `e${place}-${i}`,
            pendingId: holds[one.of % holds.length] ?? 'none',
            flags: [one.way],
          }
        : {
            id: `m${place}-${i}`,
            debitAccountId: one.from,
            creditAccountId: one.to,
            amount: String(one.amount),
            unit: 'JPY',
            code: 1,
            ...(one.kind === 'plain' ? {} : { timeout_s: one.timeout_s }),
            flags:
              one.kind === 'plain'
                ? []
                : one.kind === 'hold'
                  ? ['pending']
                  : ['pending', 'closing_debit'],
          },
    );

  it('holds what was read then, whatever was moved, held, posted, voided and expired since', async () => {
    let ended = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 6 }), async (steps) => {
        const who = await node.person('bookkeeper', `asOf${games++}`);
        await open(who);
        const holds: string[] = [];
        const seen = [{ at: now(), accounts: await readAll(who) }];
        for (const [place, each] of steps.entries()) {
          clock.skew_ms += each.after_ms;
          const transfers = transfersOf(each, place, holds);
          const { results } = await who.call(ledger.createTransfers, { transfers }, later());
          const created = results.filter(({ result }) => result === 'created');
          holds.push(...created.flatMap(({ id }) => (id.startsWith('m') ? [id] : [])));
          ended += created.filter(({ id }) => id.startsWith('e')).length;
          seen.push({ at: now(), accounts: await readAll(who) });
        }
        clock.skew_ms += 2_500;
        seen.push({ at: now(), accounts: await readAll(who) });
        clock.skew_ms += 1;
        for (const { at, accounts } of seen)
          expect(await readAll(who, at), at).toStrictEqual(accounts);
      }),
      { numRuns: 12 },
    );
    expect(ended).toBeGreaterThan(0);
    expect(node.errors).toStrictEqual([]);
  }, 120_000);

  it('was not there before it was opened, and does not tell what is still to come', async () => {
    const who = await node.person('bookkeeper', 'bounds');
    clock.skew_ms += 10;
    await open(who);
    const before = new Date(still_ms + clock.skew_ms - 1).toISOString();
    for (const id of ACCOUNTS) {
      await expect(read(who, id, before)).rejects.toMatchObject({ code: 'QINDEX_NOT_FOUND' });
      expect(await read(who, id, now())).toMatchObject({ debitsPosted: '0', creditsPosted: '0' });
    }
    const ahead = new Date(still_ms + clock.skew_ms + 60_000).toISOString();
    await expect(read(who, 'world', ahead)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(read(who, 'world', '2026-02-30T00:00:00Z')).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
  });

  it('is told apart to the nanosecond where two transfers came in one call', async () => {
    const who = await node.person('bookkeeper', 'nanoseconds');
    await open(who);
    clock.skew_ms += 10;
    const pay = (id: string): Transfer => ({
      id,
      debitAccountId: 'world',
      creditAccountId: 'plain',
      amount: '1',
      unit: 'JPY',
      code: 1,
    });
    await who.call(ledger.createTransfers, { transfers: [pay('t1'), pay('t2')] }, later());
    const { timestamp } = await who.call(ledger.transfer, { transferId: 't1' }, later());
    const exact = exactText(BigInt(timestamp));
    expect((await read(who, 'plain', exact)).creditsPosted).toBe('1');
    expect((await read(who, 'plain', now())).creditsPosted).toBe('2');
  });
});
