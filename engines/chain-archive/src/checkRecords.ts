import {
  checkpointDigest,
  committeeDigest,
  decodeEntry,
  encodeReceipt,
  hexOf,
  isCertified,
  merkleRoot,
  type Checkpoint,
  type Verify,
} from '@anarq/dag';
import type { CertificateRecord, CheckpointRecord, StoredRecord } from './records.ts';

/** What records are held to: nothing else is believed. */
export interface CheckOrder {
  readonly chainId: Uint8Array;
  /** The epoch with which they begin, and its validators. */
  readonly epoch: number;
  readonly validators: readonly Uint8Array[];
  readonly verify: Verify;
}

/** What was found; where it holds, the epoch and the validators with which the records after these begin. */
export type Checked =
  | { readonly holds: false; readonly why: string }
  | {
      readonly holds: true;
      readonly transactions: number;
      /** Checkpoints whose receipts a quorum certified. */
      readonly certified: number;
      readonly epoch: number;
      readonly validators: readonly Uint8Array[];
    };

/**
 * Holds records to the validators' signatures: every receipt is under a root that a quorum signed, and is of a
 * transaction that is there with the very bytes of its id.
 */
export class RecordChecker {
  readonly #order: CheckOrder;
  #epoch: number;
  #validators: readonly Uint8Array[];
  #ids = new Set<string>();
  #seq = 0;
  #transactions = 0;
  #certified = 0;
  /** Checkpoints that a certificate has to follow. */
  readonly #open = new Map<number, Checkpoint>();

  constructor(order: CheckOrder) {
    this.#order = order;
    this.#epoch = order.epoch;
    this.#validators = order.validators;
  }

  /** Takes the next record. @returns what is wrong with it @throws Malformed */
  take(record: StoredRecord): string | undefined {
    switch (record.kind) {
      case 'entry':
        for (const id of decodeEntry(this.#order.chainId, record.entry).ids) this.#ids.add(id);
        return undefined;
      case 'checkpoint':
        return this.#checkpoint(record);
      case 'certificate':
        return this.#certificate(record);
    }
  }

  #checkpoint({ checkpoint, commits }: CheckpointRecord): string | undefined {
    const { seq } = checkpoint;
    const receipts = commits.flatMap((commit) => commit.receipts);
    if (hexOf(checkpoint.chainId) !== hexOf(this.#order.chainId)) return 'it is of another chain';
    if (seq <= this.#seq) return `checkpoint ${seq} stands behind checkpoint ${this.#seq}`;
    const unknown = receipts.find(({ id }) => !this.#ids.has(id));
    if (unknown !== undefined) return `transaction ${unknown.id} has a receipt and no bytes`;
    if (
      receipts.length !== checkpoint.receipts ||
      hexOf(merkleRoot(receipts.map(encodeReceipt))) !== hexOf(checkpoint.receiptsRoot)
    )
      return `the receipts of checkpoint ${seq} are not those that it covers`;
    this.#ids = new Set();
    this.#seq = seq;
    this.#transactions += receipts.length;
    if (receipts.length > 0 || checkpoint.endsEpoch) this.#open.set(seq, checkpoint);
    return undefined;
  }

  #certificate({ certificate, nextKeys }: CertificateRecord): string | undefined {
    const { checkpoint } = certificate;
    const { seq, epoch, endsEpoch, validatorsNextHash } = checkpoint;
    const open = this.#open.get(seq);
    if (open === undefined) return undefined;
    if (hexOf(checkpointDigest(open)) !== hexOf(checkpointDigest(checkpoint)))
      return `the certificate of checkpoint ${seq} is of another one`;
    if (epoch !== this.#epoch) return `the end of epoch ${this.#epoch} is missing`;
    if (!isCertified(certificate, this.#validators, this.#order.verify))
      return `no quorum signed checkpoint ${seq}`;
    this.#open.delete(seq);
    this.#certified += 1;
    if (!endsEpoch) return undefined;
    if (hexOf(committeeDigest(nextKeys)) !== hexOf(validatorsNextHash))
      return `epoch ${epoch + 1} has other validators than epoch ${epoch} named`;
    this.#epoch += 1;
    this.#validators = nextKeys;
    return undefined;
  }

  /** What all of them together show. */
  end(): Checked {
    const [open] = this.#open.keys();
    if (open !== undefined) return { holds: false, why: `checkpoint ${open} has no certificate` };
    return {
      holds: true,
      transactions: this.#transactions,
      certified: this.#certified,
      epoch: this.#epoch,
      validators: this.#validators,
    };
  }
}
