import type { RecordBody } from './sealedRecord.ts';

/** What a receipt turned out to be. */
export interface ReceiptVerdict {
  /** Everything in it agrees with everything else and, where keys were pinned, with those. */
  readonly ok: boolean;
  /** Whether the log's Ed25519 key is one that the verifier pinned. */
  readonly signer: 'trusted' | 'not trusted';
  /** Whether the ML-DSA-44 key was pinned as well, or only came with the receipt. */
  readonly postQuantumKey: 'pinned' | 'carried in the receipt';
  readonly origin?: string;
  /** Leaves of the signed tree. */
  readonly size?: number;
  /** Root hash of the signed tree, hex. */
  readonly rootHashHex?: string;
  /** When the tree was signed, by the clock of the log (ISO 8601, whole seconds). */
  readonly signedAt?: string;
  /** When the root record says that it happened (ISO 8601), by the clock of the node. */
  readonly at?: string;
  /** The records in the order of the receipt; body is null where the receipt has no key for it. */
  readonly records: readonly OpenedRecord[];
  readonly problems: readonly string[];
  readonly proves: readonly string[];
  readonly doesNotProve: readonly string[];
}

/** A record of a verified receipt. */
export interface OpenedRecord {
  readonly cid: string;
  readonly leafIndex: number;
  readonly body: RecordBody | null;
}
