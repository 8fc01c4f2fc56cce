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
  /** Trees of other processes of the node that hold some of the records. */
  readonly others?: readonly SignedTreeOf[];
  /** The records in the order of the receipt; body is null where the receipt has no key for it. */
  readonly records: readonly OpenedRecord[];
  readonly problems: readonly string[];
  readonly proves: readonly string[];
  readonly doesNotProve: readonly string[];
}

/** A tree as its log signed it. */
interface SignedTreeOf {
  readonly origin: string;
  readonly size: number;
  readonly rootHashHex: string;
  readonly signedAt: string;
  /** How many of the records are in it. */
  readonly records: number;
}

/** A record of a verified receipt. */
export interface OpenedRecord {
  readonly cid: string;
  /** The log that holds it, where that is not the one of the receipt. */
  readonly origin?: string;
  readonly leafIndex: number;
  readonly body: RecordBody | null;
}
