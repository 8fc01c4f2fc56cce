import type { Block, Ref, UnsealedBlock } from './block.ts';
import type { Certificate, Checkpoint } from './checkpoint.ts';
import type { Committee } from './committee.ts';
import type { ExecutedCommit, SignatureCheck } from './executor.ts';
import type { Executed } from './order.ts';
import type { Vote } from './finality.ts';

/** How one epoch's committee follows from the one before: its last certificate, and the keys that this names. */
export interface EpochEnd {
  readonly certificate: Certificate;
  readonly nextKeys: readonly Uint8Array[];
}

/** A state that others can begin from, and how to see that it is one. */
export interface Snapshot {
  /** The ends of the epochs since the one that was asked from, the oldest first. */
  readonly trail: readonly EpochEnd[];
  readonly certificate: Certificate;
  readonly executed: Executed;
}

/** Where a node can begin again. */
export interface BeginState {
  readonly committee: Committee;
  readonly executed: Executed;
  /** Ends of earlier epochs, the oldest first. */
  readonly trail: readonly EpochEnd[];
}

/** What a node starts from: a chain's beginning, or what it wrote before. */
export interface Begin extends BeginState {
  /** Blocks of this epoch and of later ones that were written, in the order of writing. */
  readonly blocks: readonly Block[];
}

/** What nodes say to each other. */
export type Message =
  | { readonly kind: 'block'; readonly block: Block }
  | { readonly kind: 'blocks'; readonly blocks: readonly Block[] }
  /** Asks for these blocks. */
  | { readonly kind: 'pull'; readonly epoch: number; readonly refs: readonly Ref[] }
  /**
   * Asks for all blocks of an epoch from a round on, and for certificates from a checkpoint on: the oldest one that
   * has none, or the next one.
   */
  | {
      readonly kind: 'want';
      readonly epoch: number;
      readonly fromRound: number;
      readonly fromSeq: number;
      /** Authors whose block of a round is here: of `fromRound`, and of each round behind it. They are not sent. */
      readonly here: readonly (readonly number[])[];
      /** Whether only blocks are wanted that the one who is asked made itself. */
      readonly isOwn: boolean;
    }
  /** To somebody who is still in an epoch that is over here: the blocks that its last decisions rest on. */
  | { readonly kind: 'grounds'; readonly epoch: number; readonly refs: readonly Ref[] }
  | { readonly kind: 'vote'; readonly vote: Vote }
  | { readonly kind: 'certificate'; readonly certificate: Certificate }
  | { readonly kind: 'snapshot'; readonly snapshot: Snapshot };

export type Want = Message & { readonly kind: 'want' };

/** A node of the chain, by its public key in hex. */
export type Peer = string;

/** Whether a signature that was to be checked holds. */
export interface Verdict {
  readonly token: string;
  readonly holds: boolean;
}

/**
 * What happens to a node. Whoever drives it has checked, before, the signatures of blocks, votes,
 * certificates and snapshots, and drops what does not hold.
 */
export type Event =
  | { readonly kind: 'tick'; readonly now_ms: number }
  | { readonly kind: 'message'; readonly from: Peer; readonly message: Message }
  /** A peer spoke of an epoch of which this node does not know the committee. */
  | { readonly kind: 'ahead'; readonly from: Peer; readonly epoch: number }
  /** An entry that somebody hands in here. */
  | { readonly kind: 'submit'; readonly entry: Uint8Array }
  /** The own block is signed and durable. */
  | { readonly kind: 'sealed'; readonly block: Block }
  /** Many at a time where they come so: what they allow is then looked for once. */
  | { readonly kind: 'verdicts'; readonly verdicts: readonly Verdict[] }
  | { readonly kind: 'voteSigned'; readonly vote: Vote };

/** What a node wants to be done. Effects are done in their order. */
export type Effect =
  /** Write, sync, sign; then tell `sealed`. What `keep` wrote before is synced with it. */
  | { readonly kind: 'seal'; readonly block: UnsealedBlock }
  /** Write a block of somebody else; it need not be synced. */
  | { readonly kind: 'keep'; readonly block: Block }
  | { readonly kind: 'send'; readonly to: Peer; readonly message: Message }
  /** To every validator but this node. */
  | { readonly kind: 'broadcast'; readonly message: Message }
  | { readonly kind: 'verify'; readonly checks: readonly SignatureCheck[] }
  | { readonly kind: 'executed'; readonly executed: ExecutedCommit }
  /** Sign its `voteMessage`; then tell `voteSigned`. */
  | { readonly kind: 'signVote'; readonly vote: Omit<Vote, 'signature'> }
  /** A checkpoint, and what stood then. `begin` may be written, so that a start need not go further back. */
  | {
      readonly kind: 'checkpoint';
      readonly checkpoint: Checkpoint;
      readonly state: Executed;
      readonly begin: BeginState;
    }
  | { readonly kind: 'certified'; readonly certificate: Certificate }
  /** The node took a state from others, and goes on from there. */
  | { readonly kind: 'adopted'; readonly checkpoint: Checkpoint; readonly begin: BeginState }
  | { readonly kind: 'epoch'; readonly epoch: number; readonly validators: number }
  /** A validator made two blocks for one round. */
  | { readonly kind: 'equivocation'; readonly author: number; readonly evidence: Uint8Array }
  /** A peer sent what nobody honest sends. */
  | { readonly kind: 'misbehaviour'; readonly from: Peer; readonly reason: string }
  /** More validators than may be faulty signed another history: this node must stop. */
  | { readonly kind: 'fork'; readonly seq: number };

/** The epoch of which a message speaks, where somebody says something in it; 0 for a question. */
export function epochOf(message: Message): number {
  switch (message.kind) {
    case 'block':
      return message.block.epoch;
    case 'blocks':
      return message.blocks.reduce((most, { epoch }) => Math.max(most, epoch), 0);
    case 'grounds':
      return message.epoch;
    case 'vote':
      return message.vote.epoch;
    case 'certificate':
      return message.certificate.checkpoint.epoch;
    case 'snapshot':
      return message.snapshot.certificate.checkpoint.epoch;
    case 'pull':
    case 'want':
      return 0;
  }
}
