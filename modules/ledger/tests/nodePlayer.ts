import { QError } from '@anarq/common-schemas';
import type { Actor } from '@anarq/testing';
import { expect } from 'vitest';
import { ACCOUNT_FLAGS, toNames } from '../src/account.ts';
import { ledger } from '../src/contract.ts';
import { AMOUNT_MAX_MINOR } from '../src/store.ts';
import { TRANSFER_FLAGS } from '../src/transfer.ts';
import type { Player } from './runVector.ts';
import { idOf, number, type Action, type Amounts } from './vectorFile.ts';

/** Amounts of the tables are in units without decimal places, so they are decimal strings too. */
const text = (amountMinor: bigint | undefined) =>
  amountMinor === undefined ? {} : { amount: amountMinor.toString() };

const balancesOf = (found: {
  debitsPending: string;
  debitsPosted: string;
  creditsPending: string;
  creditsPosted: string;
}): Amounts => ({
  debitsPendingMinor: BigInt(found.debitsPending),
  debitsPostedMinor: BigInt(found.debitsPosted),
  creditsPendingMinor: BigInt(found.creditsPending),
  creditsPostedMinor: BigInt(found.creditsPosted),
});

const orNone = async <T>(ask: Promise<T>): Promise<T | undefined> => {
  try {
    return await ask;
  } catch (error) {
    if (error instanceof QError && error.code === 'QINDEX_NOT_FOUND') return undefined;
    throw error;
  }
};

/** Plays on a node, as one caller; `clock` is added to the time of the node and of the calls. */
export function nodePlayer(caller: Actor, clock: { skew_ms: number }): Player {
  const call: Actor['call'] = (op, input) => caller.call(op, input, { skew_ms: clock.skew_ms });
  return {
    createAccounts: async (requests) => {
      const { results } = await call(ledger.createAccounts, {
        accounts: requests.map(({ id, unit, code, flags, userData }) => ({
          id,
          unit,
          code,
          flags: toNames(ACCOUNT_FLAGS, flags),
          ...(userData === undefined ? {} : { userData }),
        })),
      });
      return results.map(({ result }) => result);
    },
    createTransfers: async (requests) => {
      const { results } = await call(ledger.createTransfers, {
        transfers: requests.map(({ amountMinor, flags, ...rest }) => ({
          ...JSON.parse(JSON.stringify(rest)),
          ...text(amountMinor),
          flags: toNames(TRANSFER_FLAGS, flags),
        })),
      });
      return results.map(({ result }) => result);
    },
    account: async (id) => {
      const found = await orNone(call(ledger.account, { accountId: id }));
      return found === undefined ? undefined : balancesOf(found);
    },
    transfer: async (id) => {
      const found = await orNone(call(ledger.transfer, { transferId: id }));
      return found === undefined ? undefined : BigInt(found.amount);
    },
    setup: async (id, balances) => {
      const { unit } = await call(ledger.account, { accountId: id });
      expect(balances).toMatchObject({ debitsPendingMinor: 0n, creditsPendingMinor: 0n });
      await call(ledger.createAccounts, { accounts: [{ id: 'world', unit, code: 1, flags: [] }] });
      const move = async (from: string, to: string, amountMinor: bigint) =>
        call(ledger.createTransfers, {
          transfers: [
            {
              id: `setup-${from}-${to}`,
              debitAccountId: from,
              creditAccountId: to,
              amount: amountMinor.toString(),
              unit,
              code: 1,
            },
          ],
        });
      await move('world', id, balances.creditsPostedMinor);
      await move(id, 'world', balances.debitsPostedMinor);
    },
    tick: (ms) => {
      clock.skew_ms += ms;
    },
    query: async (operation, columns) => {
      const [account, ...filters] = columns;
      if (operation === 'query_transfers') return 'a query over all accounts';
      if (filters.slice(0, 6).some((word) => word !== '_'))
        return 'a filter that the operation does not have';
      const [limit, debits, credits, reverse] = filters.slice(6);
      if (limit === '0' || (debits === '_' && credits === '_')) return 'refused by the contract';
      const side = debits === '_' ? 'credits' : credits === '_' ? 'debits' : 'both';
      const input = {
        accountId: idOf(number(account)),
        limit: Number(limit),
        newestFirst: reverse === 'REV',
      };
      if (operation === 'get_account_transfers') {
        const page = await orNone(call(ledger.transfers, { ...input, side }));
        return (page?.items ?? []).map(({ id }) => [id.replace('n', 'T')]);
      }
      if (side !== 'both') return 'a filter that the operation does not have';
      const { items } = await call(ledger.balances, input);
      return items.map((entry) => [
        entry.transferId.replace('n', 'T'),
        ...Object.values(balancesOf(entry)).map(String),
      ]);
    },
    beyond: (action: Action) => {
      if (action.kind === 'account' && (action.request.unit === '' || action.request.code === 0))
        return 'refused by the contract';
      if (action.kind !== 'transfer') return undefined;
      return (action.request.amountMinor ?? 0n) > AMOUNT_MAX_MINOR
        ? 'amount beyond 64 bits'
        : undefined;
    },
  };
}
