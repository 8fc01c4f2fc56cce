import { TransferFlag } from '@anarq/ledger-engine';
import type { ModelTransfer } from '@anarq/ledger-engine/testing';
import {
  accountsBatch,
  plainAccount,
  plainTransfer,
  transfersBatch,
} from '@anarq/ledger-engine/testing/records';
import type { WriterOptions } from '../../src/engine/index.ts';

/** So small that segments, snapshots, archives and runs are all under way when the process is killed. */
export const SMALL: WriterOptions = {
  segmentPages: 300,
  groupPages: 273,
  snapshotPages: 60,
  sealEvents: 256,
};

/** Likewise for a follower; it syncs its runs before it keeps books, so there are not as many. */
export const FOLLOWED = {
  segmentPages: 300,
  sealEvents: 1_024,
  snapshotPages: 40,
  keyName: 'ledger.example/killed',
};

/** Batches that are under way at once. */
export const DEPTH = 6;
export const ACCOUNTS = 7n;
/** Batch n has the ids from n · 2^10 on: no batch has more. */
const IDS_OF_A_BATCH = 1n << 10n;
/** Posts and voids follow the batch of holds in which theirs are. */
const KINDS = ['single', 'hold', 'post', 'void'] as const;
const SIZES = [1, 9, 30, 31, 200] as const;

/** What a batch does: a hold is half posted by the next batch, and half voided by the one after. */
export const kindOf = (batch: number): (typeof KINDS)[number] => KINDS[batch % KINDS.length]!;

/** Events in a batch. Holds, and the posts and voids of them, are as many. */
export const sizeOf = (batch: number): number =>
  SIZES[Math.floor(batch / KINDS.length) % SIZES.length]!;

export const idOf = (batch: number, index: number): bigint =>
  BigInt(batch + 1) * IDS_OF_A_BATCH + BigInt(index);

/** Names the batch in bytes that a trace of system calls shows as they are. */
export const markOf = (batch: number): string => `batch-${String(batch).padStart(6, '0')}-end`;

const markAsNumber = (batch: number): bigint =>
  BigInt(`0x${Buffer.from(Buffer.from(markOf(batch)).toReversed()).toString('hex')}`);

/** The transfers of a batch: always the same for its number. */
export function transfersOf(batch: number): ModelTransfer[] {
  const kind = kindOf(batch);
  return Array.from({ length: sizeOf(batch) }, (_, index) => {
    const id = idOf(batch, index);
    const userData128 = markAsNumber(batch);
    if (kind === 'post' || kind === 'void') {
      // Posts end the holds with even numbers, voids those with odd ones; the others are plain.
      const isOfThis = index % 2 === (kind === 'post' ? 0 : 1);
      const holds = batch - (kind === 'post' ? 1 : 2);
      if (isOfThis)
        return plainTransfer(id, {
          userData128,
          debit: 0n,
          credit: 0n,
          amount: kind === 'post' ? 2n ** 128n - 1n : 0n,
          pendingId: idOf(holds, index),
          ledger: 0,
          code: 0,
          flags: kind === 'post' ? TransferFlag.POST_PENDING : TransferFlag.VOID_PENDING,
        });
    }
    return plainTransfer(id, {
      userData128,
      debit: 1n + (id % ACCOUNTS),
      credit: 1n + ((id + 1n + (id % (ACCOUNTS - 1n))) % ACCOUNTS),
      amount: 1n + (id % 97n),
      flags: kind === 'hold' ? TransferFlag.PENDING : 0,
    });
  });
}

export const recordsOf = (batch: number): Uint8Array => transfersBatch(transfersOf(batch));

export const accountRecords = (): Uint8Array =>
  accountsBatch(
    Array.from({ length: Number(ACCOUNTS) }, (_, index) => plainAccount(BigInt(index + 1))),
  );
