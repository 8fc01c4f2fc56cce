import { TRANSFER_RESULTS, type LedgerState } from '@anarq/ledger-engine';
import { accountEntry, type AccountEntry } from './records.ts';

/** One chain of transfers to try out. */
export interface Trial {
  readonly accountKeys: readonly bigint[];
  readonly transferKeys: readonly bigint[];
  /** The transfers as records; they are written over. */
  readonly records: Uint8Array;
}

/** What the chain would be answered, and how the accounts would stand after it. */
export interface Tried {
  readonly results: Uint32Array;
  readonly entries: readonly AccountEntry[];
}

/** Posts a chain into a copy of its accounts, which is thrown away. */
export function tryOut(state: LedgerState, { accountKeys, transferKeys, records }: Trial): Tried {
  const copy = state.forkOf(accountKeys);
  const count = transferKeys.length;
  const results = new Uint32Array(count);
  copy.createTransfers(records, count, copy.lastTimestamp + BigInt(count), results);
  const failed = results.findIndex(
    (result) => result !== 0 && result !== TRANSFER_RESULTS.linked_event_failed,
  );
  // The copy knows no id that is used, and an id is looked at before all else.
  const used = transferKeys.findIndex((key) => state.queries.usedBy(key) !== undefined);
  const isUsed = used !== -1 && (failed === -1 || used <= failed);
  if (isUsed) {
    const exists = state.queries.transfer(transferKeys[used] ?? 0n) !== undefined;
    results.fill(TRANSFER_RESULTS.linked_event_failed);
    results[used] = TRANSFER_RESULTS[exists ? 'exists' : 'id_already_failed'];
  }
  const { queries } = isUsed ? state : copy;
  return {
    results,
    entries: accountKeys.flatMap((key) => {
      const record = queries.account(key);
      return record === undefined ? [] : [accountEntry(record)];
    }),
  };
}
