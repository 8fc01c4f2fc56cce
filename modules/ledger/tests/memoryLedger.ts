import { accountOf, LedgerModel, transferOf } from '@anarq/ledger-engine/testing';
import { RECORD_BYTES } from '@anarq/ledger-engine';
import { accountKey, transferKey } from '../src/books/keys.ts';
import { accountRecords, transferRecords } from '../src/books/requests.ts';
import type { Player } from './runVector.ts';

const TENANT = 'tenant';
const NS_PER_MS = 1_000_000n;
/** What the contract calls it where the engine speaks of its own fields. */
const ACCOUNT_WORDS: Readonly<Record<string, string>> = {
  exists_with_different_user_data_128: 'exists_with_different_owner',
  exists_with_different_user_data_64: 'exists_with_different_user_data',
};
const TRANSFER_WORDS: Readonly<Record<string, string>> = {
  exists_with_different_user_data_128: 'exists_with_different_user_data',
};

const recordsIn = (bytes: Uint8Array): Uint8Array[] =>
  Array.from({ length: bytes.byteLength / RECORD_BYTES }, (_, index) =>
    bytes.subarray(index * RECORD_BYTES, (index + 1) * RECORD_BYTES),
  );

/** The model of the engine behind the words of the contract: what a node is held to. */
export function memoryLedger() {
  const model = new LedgerModel();
  let now = 1_000_000n * NS_PER_MS;
  const next = (events: number): bigint => (now += BigInt(events) + 1n);

  const player: Player = {
    createAccounts: async (requests) =>
      model
        .createAccounts(
          recordsIn(accountRecords(TENANT, 'did:test:owner', requests)).map(accountOf),
          next(requests.length),
        )
        .map((result) => ACCOUNT_WORDS[result] ?? result),
    createTransfers: async (requests) =>
      model
        .createTransfers(
          recordsIn(transferRecords(TENANT, requests)).map(transferOf),
          next(requests.length),
        )
        .map((result) => TRANSFER_WORDS[result] ?? result),
    account: async (id) => {
      const found = model.accounts.get(accountKey(TENANT, id));
      return found === undefined
        ? undefined
        : {
            debitsPendingMinor: found.debitsPending,
            debitsPostedMinor: found.debitsPosted,
            creditsPendingMinor: found.creditsPending,
            creditsPostedMinor: found.creditsPosted,
          };
    },
    transfer: async (id) => model.transfers.get(transferKey(TENANT, id))?.amount,
    importAccounts: async () => {
      throw new Error('imports are played on the node');
    },
    importTransfers: async () => {
      throw new Error('imports are played on the node');
    },
    importedAt: async () => undefined,
    setup: async () => {
      throw new Error('balances are made by transfers here');
    },
    tick: (ms) => {
      now += BigInt(ms) * NS_PER_MS;
      model.expire(now, Number.MAX_SAFE_INTEGER);
    },
    query: async () => 'queries are asked of the node',
    beyond: () => undefined,
  };
  return { player, model };
}
