import type { Block, Ref } from './block.ts';
import type { Committee } from './committee.ts';
import { Dag } from './dag.ts';
import { encodeEvidence } from './evidence.ts';
import { Executor, type ExecutorSettings } from './executor.ts';
import { REACH_ROUNDS, WEAK_ROUNDS_MAX, type Executed } from './order.ts';
import { Finality, type Vote } from './finality.ts';
import { hexOf } from './hash.ts';
import type { Peer } from './messages.ts';
import { Sequencer } from './sequencer.ts';
import { Waiting } from './waiting.ts';

/** Rounds behind the last commit that are kept for those who are behind. */
const KEPT_ROUNDS = 2 * REACH_ROUNDS;
/** Blocks may come so many rounds ahead of what is here; whoever is further behind asks for rounds in order. */
const AHEAD_ROUNDS_MAX = 4 * REACH_ROUNDS;
/** Blocks of one author and round that are kept unasked; two are proof enough. */
const SAME_ROUND_MAX = 2;
/** What the waiting blocks of all authors together may take. */
const WAITING_BYTES_MAX = 1 << 28;
const WAITING_BYTES_MIN = 1 << 22;
const WAITING_MISSING_MAX = 2_000;

export type Received =
  | { readonly kind: 'accepted'; readonly blocks: readonly Block[] }
  | { readonly kind: 'known' | 'waiting' | 'tooFar' | 'full' | 'surplus' }
  | { readonly kind: 'malformed'; readonly reason: string };

/** One epoch at one node: its blocks, their order, and what is carried out of it. */
export class EpochRun {
  readonly committee: Committee;
  readonly dag: Dag;
  readonly sequencer: Sequencer;
  readonly executor: Executor;
  readonly finality: Finality;
  readonly waiting: Waiting;
  /** Proofs of equivocation that no own block carries yet, by author. */
  readonly evidence = new Map<number, Uint8Array>();
  /** The validators by the names of their nodes. */
  readonly peers: readonly Peer[];
  /** Who made two blocks for one round, as far as both are here. */
  readonly equivocators = new Set<number>();

  constructor(committee: Committee, begin: Executed, settings: ExecutorSettings) {
    this.committee = committee;
    this.peers = committee.publicKeys.map(hexOf);
    this.dag = new Dag(committee, begin.epochBegan_ms);
    this.sequencer = new Sequencer(this.dag, begin);
    this.executor = new Executor(committee, begin, settings);
    const { quorum, faults_max } = committee;
    this.finality = new Finality(quorum, faults_max, begin.seq);
    this.waiting = new Waiting({
      blocks_max: KEPT_ROUNDS,
      bytes_max: Math.max(WAITING_BYTES_MIN, WAITING_BYTES_MAX / committee.publicKeys.length),
      missing_max: WAITING_MISSING_MAX,
    });
    const floor = this.sequencer.leaderRound - REACH_ROUNDS;
    if (floor > 0) this.dag.startAbove(floor);
  }

  /** The quorum that a block must build on, and the shape it must have; why not, where it is not so. */
  #malformed(block: Block): string | undefined {
    const size = this.committee.publicKeys.length;
    if (block.author >= size) return 'its author is no validator';
    if (block.round === 0) return 'nobody sends blocks of round 0';
    const authors = new Set(block.parents.map(({ author }) => author));
    if (authors.size !== block.parents.length) return 'two of its parents are of one author';
    if (authors.size < this.committee.quorum) return 'its parents are no quorum';
    if ([...authors].some((author) => author >= size)) return 'a parent is of no validator';
    if (block.parents.some(({ round }) => round !== block.round - 1))
      return 'a parent is not of the round before';
    if (block.weakParents.some(({ round }) => round >= block.round - 1))
      return 'a weak parent is not older than the parents';
    if (block.weakParents.some(({ round }) => round < block.round - WEAK_ROUNDS_MAX))
      return 'a weak parent is out of reach';
    // One an author, and one of its own in all: else a liar's block brings a tree of others with it.
    const weak = new Set(block.weakParents.map(({ author }) => author));
    if (weak.size !== block.weakParents.length) return 'two of its weak parents are of one author';
    if (weak.has(block.author) && authors.has(block.author))
      return 'it builds on two blocks of its author';
    return this.#lyingRef(block);
  }

  /**
   * A digest alone names a block, and who reads a reference believes the round and author beside it: with others
   * beside it, one vote would count for several, and what is missing would count as forgotten.
   */
  #lyingRef({ parents, weakParents }: Block): string | undefined {
    for (const refs of [parents, weakParents])
      for (const { digest, round, author } of refs) {
        const there = this.dag.get(digest);
        if (there !== undefined && (there.round !== round || there.author !== author))
          return 'a parent is of another author or round than it says';
      }
    return undefined;
  }

  /** Takes a block, and all that waited for it alone. */
  receive(block: Block, from: Peer): Received {
    if (this.dag.has(block.ref) || this.waiting.has(block.ref.digest)) return { kind: 'known' };
    const reason = this.#malformed(block);
    if (reason !== undefined) return { kind: 'malformed', reason };
    const isAsked = this.waiting.isMissing(block.ref);
    if (!isAsked && block.round > this.dag.highestRound + AHEAD_ROUNDS_MAX)
      return { kind: 'tooFar' };
    const missing = this.#missingOf(block);
    if (!isAsked && this.#sameRound(block, missing.length > 0) >= SAME_ROUND_MAX)
      return { kind: 'surplus' };
    if (missing.length === 0) return { kind: 'accepted', blocks: this.#accept([block]) };
    return { kind: this.waiting.add(block, missing, from) ? 'waiting' : 'full' };
  }

  /**
   * Takes those of these blocks that are of this epoch.
   * @returns the last one of validator `me`, and blocks of later epochs
   */
  takeWritten(
    written: readonly Block[],
    me: number | undefined,
  ): { readonly own: Ref | undefined; readonly later: readonly Block[] } {
    const { epoch } = this.committee;
    let own: Ref | undefined;
    for (const block of written) {
      if (block.epoch !== epoch) continue;
      if (block.author === me && block.round > (own?.round ?? 0)) own = block.ref;
      this.receive(block, this.peers[block.author] ?? '');
    }
    return { own, later: written.filter((block) => block.epoch > epoch) };
  }

  /** Takes a validator's word for what its end of this epoch rests on. */
  named(refs: readonly Ref[], from: Peer): void {
    const validator = this.peers.indexOf(from);
    if (validator < 0) return;
    const { round, floor } = {
      round: this.dag.highestRound + AHEAD_ROUNDS_MAX,
      floor: this.dag.floor,
    };
    const missing = refs.filter(
      (ref) => ref.round >= floor && ref.round <= round && !this.dag.has(ref),
    );
    this.waiting.name(missing, validator, from);
  }

  /** Forgets what nobody can build on any more. @returns blocks that this sets free */
  prune(): readonly Block[] {
    const floor = this.sequencer.leaderRound - KEPT_ROUNDS;
    if (floor <= this.dag.floor) return [];
    this.dag.prune(floor);
    return this.#accept(this.waiting.floor(floor));
  }

  /** The epoch is over, and nobody needs its blocks any more. */
  forgetBlocks(): void {
    this.dag.prune(this.dag.highestRound + 1);
  }

  /** The number of the validator with a key; undefined where it is none. */
  numberOf(publicKey: Uint8Array | undefined): number | undefined {
    const at = publicKey === undefined ? -1 : this.peers.indexOf(hexOf(publicKey));
    return at < 0 ? undefined : at;
  }

  /** Votes of the validator with a key over checkpoints that have no certificate yet. */
  ownVotes(publicKey: Uint8Array | undefined): readonly Vote[] {
    const me = this.numberOf(publicKey);
    return me === undefined ? [] : this.finality.votesOf(me);
  }

  /** Proofs in blocks that are carried out need not be brought again. */
  proved(blocks: readonly Block[]): void {
    const brought = new Set(blocks.flatMap(({ evidence }) => evidence.map(hexOf)));
    for (const [author, proof] of this.evidence)
      if (brought.has(hexOf(proof))) this.evidence.delete(author);
  }

  /** Those that wait, perhaps for what nobody made, keep none away that waits for nothing. */
  #sameRound({ round, author }: Block, waits: boolean): number {
    return this.dag.of(round, author).length + (waits ? this.waiting.of(round, author) : 0);
  }

  #missingOf({ parents, weakParents }: Block): readonly Ref[] {
    return [...parents, ...weakParents].filter((ref) => !this.dag.has(ref));
  }

  #accept(ready: readonly Block[]): readonly Block[] {
    const accepted: Block[] = [];
    const queue = [...ready];
    for (const block of queue) {
      // What it builds on was not there yet when it came.
      if (this.dag.has(block.ref) || this.#lyingRef(block) !== undefined) continue;
      this.#watch(block);
      this.dag.add(block);
      accepted.push(block);
      queue.push(...this.waiting.arrived(block.ref.digest));
    }
    return accepted;
  }

  #watch(block: Block): void {
    const [other] = this.dag.of(block.round, block.author);
    if (other === undefined || this.equivocators.has(block.author)) return;
    this.equivocators.add(block.author);
    this.evidence.set(block.author, encodeEvidence(other, block));
  }
}
