import { QError } from '@anarq/common-schemas';
import type { Actor } from '@anarq/testing';
import { MINOR_MAX } from '@anarq/decimal';
import { expect } from 'vitest';
import { ledger } from '../src/contract.ts';
import { exactText } from '../src/instants.ts';
import { ACCOUNT_FLAGS, toNames, TRANSFER_FLAGS } from '../src/flags.ts';
import type { Player } from './runVector.ts';
import {
  idOf,
  number,
  TIME_MAX,
  unitOf,
  userDataOf,
  type Action,
  type Amounts,
} from './vectorFile.ts';

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

const NS_PER_MS = 1_000_000n;
const HOUR_NS = 3_600_000n * NS_PER_MS;
/** From here on a time of the tables lies ahead of their ledger. */
const STILL_TO_COME = 11n;

/** The reference that a filter means; the tables have three numbers where the contract has one text. */
const referenceOf = (columns: readonly string[]): { userData?: string } | 'part' => {
  const userData = userDataOf(columns);
  if (userData === undefined) return {};
  return columns.some((column) => number(column) === 0n) ? 'part' : { userData };
};

/** Plays on a node, as one caller; `clock` is added to the time of the node and of the calls. */
export function nodePlayer(caller: Actor, clock: { skew_ms: number }): Player {
  const call: Actor['call'] = (op, input) => caller.call(op, input, { skew_ms: clock.skew_ms });
  // The tables import at instants from 1 on, in a ledger whose time is 10: here it is a second ago.
  const base = BigInt(Date.now() - 1_000) * NS_PER_MS;
  const timeOf = (importedAt: bigint): string => {
    if (importedAt === 0n) return '0';
    if (importedAt > TIME_MAX / 2n) return BigInt.asIntN(64, importedAt).toString();
    return (importedAt < STILL_TO_COME ? base + importedAt : base + HOUR_NS).toString();
  };
  /** A bound in time: the tables name a transfer whose time it is. */
  const instantOf = async (bound: 'from' | 'to', column: string | undefined) => {
    if (number(column) === 0n) return {};
    const { timestamp } = await call(ledger.transfer, { transferId: idOf(number(column)) });
    return { [bound]: exactText(BigInt(timestamp)) };
  };
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
    importAccounts: async (requests) => {
      const { accounts } = await call(ledger.importBooks, {
        accounts: requests.map(({ id, unit, code, flags, importedAt }) => ({
          id,
          unit,
          code,
          flags: toNames(ACCOUNT_FLAGS, flags),
          owner: caller.did,
          timestamp: timeOf(importedAt),
        })),
        transfers: [],
      });
      return accounts.map(({ result }) => result);
    },
    importTransfers: async (requests) => {
      const { transfers } = await call(ledger.importBooks, {
        accounts: [],
        transfers: requests.map(({ amountMinor, flags, importedAt, ...rest }) => ({
          ...JSON.parse(JSON.stringify(rest)),
          ...text(amountMinor),
          flags: toNames(TRANSFER_FLAGS, flags),
          timestamp: timeOf(importedAt),
        })),
      });
      return transfers.map(({ result }) => result);
    },
    importedAt: async (id) => {
      const found = await call(ledger.transfer, { transferId: id });
      return found.flags.includes('imported') ? BigInt(found.timestamp) - base : undefined;
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
      // The books count nanoseconds: where a timeout ends exactly, a batch may come just before it.
      clock.skew_ms += ms + 1;
    },
    query: async (operation, columns) => {
      const isOfAll = operation === 'query_transfers';
      const of = isOfAll ? ['_', ...columns] : [...columns];
      const unit = isOfAll ? of.splice(4, 1)[0] : undefined;
      const [account, ...filters] = of;
      const [limit, debits, credits, reverse] = isOfAll
        ? [filters[6]?.slice(1), 'DR', 'CR', filters[7]]
        : filters.slice(6);
      if (limit === '0' || (debits === '_' && credits === '_')) return 'refused by the contract';
      const reference = referenceOf(filters.slice(0, 3));
      if (reference === 'part') return 'a part of a reference';
      const input = {
        limit: limit === '-0' ? 200 : Number(limit),
        newestFirst: reverse === 'REV',
        ...reference,
        ...(number(filters[3]) === 0n ? {} : { code: Number(number(filters[3])) }),
        ...(await instantOf('from', filters[4])),
        ...(await instantOf('to', filters[5])),
      };
      if (isOfAll) {
        const ledgerNumber = number(unit);
        const { items } = await call(ledger.queryTransfers, {
          ...input,
          ...(ledgerNumber === 0n ? {} : { unit: unitOf(ledgerNumber) }),
        });
        return items.map(({ id }) => [id.replace('n', 'T')]);
      }
      const side = debits === '_' ? 'credits' : credits === '_' ? 'debits' : 'both';
      const ofAccount = { ...input, accountId: idOf(number(account)), side } as const;
      if (operation === 'get_account_transfers') {
        const page = await orNone(call(ledger.transfers, ofAccount));
        return (page?.items ?? []).map(({ id }) => [id.replace('n', 'T')]);
      }
      const { items } = await call(ledger.balances, ofAccount);
      return items.map((entry) => [
        entry.transferId.replace('n', 'T'),
        ...Object.values(balancesOf(entry)).map(String),
      ]);
    },
    beyond: (action: Action) => {
      if (action.kind === 'account' && (action.request.unit === '' || action.request.code === 0))
        return 'refused by the contract';
      const amounts =
        action.kind === 'transfer'
          ? [action.request.amountMinor ?? 0n]
          : action.kind === 'setup'
            ? Object.values(action.balances)
            : [];
      return amounts.some((amount) => amount > MINOR_MAX) ? 'amount beyond 127 bits' : undefined;
    },
  };
}
