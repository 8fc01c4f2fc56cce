import type {
  Certificate,
  Checkpoint,
  ExecutedCommit,
  Genesis,
  NodeSettings,
  Receipt,
  RejectionCode,
} from '@anarq/dag';
import type { Disk } from './disk.ts';
import type { PeerNetwork } from './network.ts';
import type { CheckSignature } from './signatures.ts';

/**
 * How far a transaction is. `Created` is one that is not signed yet: no validator knows it. `Confirmed` is carried
 * out by this node; `Finalized` is covered by a certificate that everybody can check.
 */
export const TRANSACTION_STATES = [
  'Created',
  'Signed',
  'Broadcast',
  'Validating',
  'Voting',
  'Confirming',
  'Confirmed',
  'Finalized',
  'Rejected',
  'Expired',
] as const;
export type TransactionState = (typeof TRANSACTION_STATES)[number];

export interface TransactionStatus {
  /** In hex. */
  readonly id: string;
  readonly state: TransactionState;
  /** Where it stands in the order: number of the commit, and its place among the receipts of that. */
  readonly position?: { readonly commit: number; readonly index: number };
  /** Number of the checkpoint whose certificate covers it; a refusal is final by it too. */
  readonly checkpoint?: number;
  /** Why it was refused. */
  readonly code?: RejectionCode;
  /** When this node saw it come to each state, by its own clock. */
  readonly times_ms: Readonly<Partial<Record<TransactionState, number>>>;
}

export interface AccountStatus {
  /** In the smallest unit. */
  readonly balance: bigint;
  /** Every nonce up to this one is used. */
  readonly nonce: bigint;
  /** In hex; absent until the account registers. */
  readonly publicKey?: string;
}

/** Committed bytes of a `data` transaction, in order. */
export interface OrderedData {
  readonly id: string;
  readonly account: string;
  readonly bytes: Uint8Array;
}

/** What happens on the chain, in order. */
export type ChainEvent =
  | {
      readonly kind: 'executed';
      /** Counts commits from 1; after a restart some may come again. */
      readonly commit: number;
      /** The chain's own time. */
      readonly time_ms: number;
      readonly receipts: readonly Receipt[];
      readonly data: readonly OrderedData[];
    }
  | { readonly kind: 'finalized'; readonly checkpoint: Checkpoint }
  | { readonly kind: 'state'; readonly id: string; readonly state: TransactionState }
  | { readonly kind: 'balance'; readonly account: string; readonly balance: bigint }
  | { readonly kind: 'epoch'; readonly epoch: number; readonly validators: number }
  /** A state was taken over from others: commits between were carried out, but not here. */
  | { readonly kind: 'adopted'; readonly commits: number; readonly seq: number }
  | { readonly kind: 'equivocation'; readonly validator: string; readonly evidence: Uint8Array }
  | { readonly kind: 'fork'; readonly seq: number }
  /** The validator says nothing any more; only a new start helps, or none. */
  | { readonly kind: 'stopped'; readonly reason: string };

export interface ChainStatus {
  readonly chainId: string;
  readonly epoch: number;
  readonly round: number;
  /** Number of the last checkpoint that was made. */
  readonly seq: number;
  readonly commits: number;
  /** Public keys in hex. */
  readonly validators: readonly string[];
  /** In hex, after the last commit that was carried out. */
  readonly stateRoot: string;
  readonly supply: bigint;
  readonly feeMin: bigint;
  /** The account that has the fees. */
  readonly treasury: string;
  readonly finalized: {
    readonly seq: number;
    readonly stateRoot: string;
    readonly time_ms: number;
  };
  /** Entries that wait for a block of this node. */
  readonly mempool: number;
  readonly isValidator: boolean;
  readonly faultModel: FaultModel;
  /** Why it stopped; absent while it runs. */
  readonly stopped?: string;
}

/** What the chain bears, as it stands in every answer. */
export interface FaultModel {
  readonly name: 'dag-bft';
  readonly validators: number;
  /** How many may do anything at all without harm to what is final. */
  readonly faults_max: number;
  readonly description: string;
}

/** Where executed commits go that are to outlive the memory of a validator. */
export interface Archive {
  /**
   * One more commit, in order. Those since the last place where a start can begin come again after a restart, with
   * the same numbers. They are safe where the promise resolves; nothing that a start needs is deleted before.
   */
  keep(executed: ExecutedCommit): void | Promise<void>;
  certified?(certificate: Certificate): void | Promise<void>;
  /** Checkpoints that are kept without their certificates, though later ones have theirs; the oldest first. */
  lost?(): readonly Checkpoint[];
  /** A certificate that is kept. */
  certificate?(seq: number): Promise<Certificate | undefined>;
}

export interface ValidatorSettings extends Omit<NodeSettings, 'publicKey'> {
  /** How many transactions' states are remembered. */
  readonly statuses_max: number;
  /** For how many checkpoints receipts are at hand for proofs. */
  readonly provableCheckpoints_max: number;
  /** Signatures that are checked at a time, all together. */
  readonly checks_max: number;
  /**
   * Where so many signatures of entries in blocks are not checked yet, this node is behind the order, and takes no
   * new entries into it until it has come up.
   */
  readonly orderedChecks_max: number;
  /**
   * How long a validator that finds nothing of its own in its folder listens before it speaks: whoever lost a folder
   * learns so what it said before.
   */
  readonly listenFirst_ms: number;
  /** Bytes of the log after which the next part of it begins. */
  readonly segment_bytes: number;
}

export interface ValidatorOptions {
  /** Of this validator alone. */
  readonly folder: string;
  readonly genesis: Genesis;
  /** 32 bytes of an ML-DSA-65 key; absent for a node that follows only. */
  readonly seed?: Uint8Array;
  readonly network: PeerNetwork;
  readonly settings?: Partial<ValidatorSettings>;
  readonly archive?: Archive;
  readonly now_ms?: () => number;
  readonly disk?: Disk;
  /** How a signature is checked; in the thread pool where nothing else is said. */
  readonly checkSignature?: CheckSignature;
}

/** A node of the chain that is up. */
export interface Validator {
  /** In hex. */
  readonly chainId: string;
  /** In hex; undefined where it follows only. */
  readonly publicKey: string | undefined;
  /**
   * Takes transactions under one signature. It may be handed in again until there are receipts.
   * @returns their ids
   * @throws QError INPUT_INVALID, INPUT_TOO_LARGE, SIGNATURE_INVALID, STATE_CONFLICT (a nonce is used otherwise),
   * LIMIT_EXCEEDED (a nonce is too far ahead), TIME_EXPIRED, INSUFFICIENT_FUNDS, RATE_LIMIT_EXCEEDED (no room),
   * SERVICE_UNAVAILABLE (it stopped)
   */
  submit(entry: Uint8Array): Promise<readonly string[]>;
  status(id: string): TransactionStatus | undefined;
  /** After the last commit that was carried out. */
  account(id: string): AccountStatus | undefined;
  /** What checkProof shows about a transaction, once it is final; for as long as it is remembered. */
  receiptProof(id: string): Uint8Array | undefined;
  /** What checkProof shows about an account as of the last certificate. */
  accountProof(id: string): Uint8Array | undefined;
  chain(): ChainStatus;
  /** A certificate with the way to it from the first validators; the last one where no number is given. */
  certificate(seq?: number): Uint8Array | undefined;
  /** @returns how to stop it */
  on(listener: (event: ChainEvent) => void): () => void;
  close(): Promise<void>;
}
