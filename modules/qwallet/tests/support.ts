import type { AnyOperation, InputOf, OutputOf } from '@anarq/common-schemas';
import { ledger } from '@anarq/ledger/contract';
import { startTestNode, type Actor, type TestNodeOptions } from '@anarq/testing';
import { expect } from 'vitest';
import { qwallet } from '../src/contract.ts';
import { accountIdOf } from '../src/ledgerAccounts.ts';

/** A node with the wallet and the ledger, three people, and a clock that can be moved on. */
export async function openBank(options: Pick<TestNodeOptions, 'probe' | 'modules' | 'extra'> = {}) {
  const clock = { skew_ms: 0 };
  const node = await startTestNode({
    modules: ['ledger', 'qwallet'],
    now_ms: () => Date.now() + clock.skew_ms,
    ...options,
  });
  const alice = await node.person('alice');
  const shop = await node.person('shop');
  const artist = await node.person('artist');

  /** Calls at the time of the node. */
  const as =
    (who: Actor) =>
    <Op extends AnyOperation>(op: Op, input: InputOf<Op>): Promise<OutputOf<Op>> =>
      who.call(op, input, { skew_ms: clock.skew_ms });

  const fund = (who: Actor, amount: string, unit: string) =>
    as(node.operator)(qwallet.fund, { identity: who.did, amount, unit });

  /** What an account holds, holds back, and has to spend. */
  const balance = async (who: Actor, unit: string) => {
    const found = await as(who)(qwallet.account, { accountId: accountIdOf(who.did, unit) });
    return [found.posted, found.held, found.available];
  };

  const books = async () => (await as(node.operator)(ledger.books, {})).books;

  /** Ends the test: the books are at zero, and nothing went wrong inside. */
  const close = async () => {
    const sums = (await books()).map(({ sum }) => sum);
    const errors = [...node.errors];
    await node.close();
    expect(sums.filter((sum) => sum !== '0')).toStrictEqual([]);
    expect(errors).toStrictEqual([]);
  };

  return { node, clock, alice, shop, artist, as, fund, balance, books, close };
}

export type Bank = Awaited<ReturnType<typeof openBank>>;
