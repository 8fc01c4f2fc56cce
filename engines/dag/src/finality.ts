import { checkpointDigest, type Certificate, type Checkpoint } from './checkpoint.ts';
import type { Executed } from './order.ts';
import { hexOf } from './hash.ts';

/** A validator's signature over a checkpoint and its number, which is its `voteMessage`. */
export interface Vote {
  readonly epoch: number;
  readonly seq: number;
  /** Digest of the checkpoint. */
  readonly digest: Uint8Array;
  readonly validator: number;
  readonly signature: Uint8Array;
}

/** A checkpoint with what stood then: from it others can begin. */
export interface Certified {
  readonly certificate: Certificate;
  readonly executed: Executed;
}

interface Open {
  readonly checkpoint: Checkpoint;
  readonly executed: Executed;
  readonly digest: string;
}

/** How many checkpoints may be open at a time: each keeps a whole state. */
const OPEN_MAX = 64;
/** How far ahead votes are kept. */
const AHEAD_MAX = 256;

/** Collects the votes of one epoch's validators over checkpoints until a quorum makes a certificate. */
export class Finality {
  readonly #quorum: number;
  readonly #faults_max: number;
  readonly #open = new Map<number, Open>();
  readonly #votes = new Map<number, Map<number, Vote>>();
  #latest: number;

  constructor(quorum: number, faults_max: number, latest: number) {
    this.#quorum = quorum;
    this.#faults_max = faults_max;
    this.#latest = latest;
  }

  /** The oldest checkpoint that has no certificate, by its number. */
  get oldestOpen(): number | undefined {
    return this.#open.keys().next().value;
  }

  /** @returns the certificate where enough had voted before, or `fork` where they voted for another checkpoint */
  opened(checkpoint: Checkpoint, executed: Executed): Certified | 'fork' | undefined {
    const digest = hexOf(checkpointDigest(checkpoint));
    this.#open.set(checkpoint.seq, { checkpoint, executed, digest });
    this.#latest = checkpoint.seq;
    const oldest = this.oldestOpen;
    if (oldest !== undefined && this.#open.size > OPEN_MAX) this.#close(oldest);
    return this.#settled(checkpoint.seq);
  }

  /**
   * A vote whose signature was checked.
   * @returns the certificate that it completes; `fork` where more validators than may be faulty sign another
   * checkpoint of the number than the one made here
   */
  voted(vote: Vote): Certified | 'fork' | undefined {
    if (vote.seq > this.#latest + AHEAD_MAX) return undefined;
    const isOpen = this.#open.has(vote.seq);
    if (vote.seq <= this.#latest && !isOpen) return undefined;
    let votes = this.#votes.get(vote.seq);
    if (votes === undefined) this.#votes.set(vote.seq, (votes = new Map()));
    if (!votes.has(vote.validator)) votes.set(vote.validator, vote);
    return this.#settled(vote.seq);
  }

  /**
   * Takes a certificate that others made.
   * @returns what stood then, where it is the checkpoint made here; `fork` where another was made here
   */
  certified(certificate: Certificate): Certified | 'fork' | undefined {
    const { seq } = certificate.checkpoint;
    const open = this.#open.get(seq);
    if (open === undefined) return undefined;
    if (open.digest !== hexOf(checkpointDigest(certificate.checkpoint))) return 'fork';
    this.#close(seq);
    return { certificate, executed: open.executed };
  }

  /** The end of the epoch, where it has no certificate. */
  get openEnd(): Checkpoint | undefined {
    return [...this.#open.values()].find(({ checkpoint }) => checkpoint.endsEpoch)?.checkpoint;
  }

  /** Waits for the certificate of the epoch's end alone. */
  keepEnd(): void {
    for (const [seq, { checkpoint }] of this.#open) if (!checkpoint.endsEpoch) this.#close(seq);
  }

  /** The votes of one validator over checkpoints that are still open. */
  votesOf(validator: number): readonly Vote[] {
    return [...this.#open.keys()].flatMap((seq) => this.#votes.get(seq)?.get(validator) ?? []);
  }

  #settled(seq: number): Certified | 'fork' | undefined {
    return this.#certified(seq) ?? (this.#isForked(seq) ? 'fork' : undefined);
  }

  #certified(seq: number): Certified | undefined {
    const open = this.#open.get(seq);
    if (open === undefined) return undefined;
    const votes = [...(this.#votes.get(seq)?.values() ?? [])].filter(
      ({ digest }) => hexOf(digest) === open.digest,
    );
    if (votes.length < this.#quorum) return undefined;
    this.#close(seq);
    const signatures = votes
      .toSorted((a, b) => a.validator - b.validator)
      .map(({ validator, signature }) => ({ validator, signature }));
    return { certificate: { checkpoint: open.checkpoint, signatures }, executed: open.executed };
  }

  #isForked(seq: number): boolean {
    const open = this.#open.get(seq);
    if (open === undefined) return false;
    const others = [...(this.#votes.get(seq)?.values() ?? [])].filter(
      ({ digest }) => hexOf(digest) !== open.digest,
    );
    return others.length > this.#faults_max;
  }

  #close(seq: number): void {
    this.#open.delete(seq);
    this.#votes.delete(seq);
  }
}
