import type { Block, Ref } from './block.ts';
import { leadersOf } from './committee.ts';
import type { Dag } from './dag.ts';

/** A place in the order of leaders. */
export interface Slot {
  readonly round: number;
  /** Which of the leaders of the round. */
  readonly offset: number;
}

/** What becomes of a slot; and the blocks that say so, where two rounds of blocks alone do. */
export type Decision =
  | {
      readonly kind: 'commit';
      readonly slot: Slot;
      readonly leader: Block;
      readonly grounds: readonly Ref[];
    }
  | { readonly kind: 'skip'; readonly slot: Slot; readonly grounds: readonly Ref[] };

/** Rounds from a leader over the votes to the blocks that certify it, both counted. */
export const WAVE = 3;
const NONE: readonly Ref[] = [];

/**
 * Which leaders are committed, in which order: the rule of Mysticeti-C (arXiv:2310.14821, section 3). A
 * block of the next round votes for a leader by having it as a parent; a block of the round after
 * certifies it where a quorum of its parents voted. With n >= 3f + 1 any two validators decide every
 * slot alike, however messages are delayed.
 */
export class CommitRule {
  readonly #dag: Dag;
  /** Decisions that the blocks of the two rounds after allow; they never change. */
  readonly #direct = new Map<string, Decision>();

  constructor(dag: Dag) {
    this.#dag = dag;
  }

  /** Decides slots from one on, in order, up to the first that is still open. */
  decide(from: Slot): readonly Decision[] {
    const slots = this.#slotsFrom(from);
    const decisions: (Decision | undefined)[] = Array.from({ length: slots.length });
    for (let at = slots.length - 1; at >= 0; at -= 1) {
      const slot = slots[at]!;
      decisions[at] = this.#directly(slot) ?? this.#byAnchor(slot, slots, decisions);
    }
    const open = decisions.indexOf(undefined);
    return (open < 0 ? decisions : decisions.slice(0, open)) as Decision[];
  }

  /** Forgets what was kept for slots below a round. */
  prune(round: number): void {
    for (const [key, { slot }] of this.#direct) if (slot.round < round) this.#direct.delete(key);
  }

  /** The slot after one. */
  next({ round, offset }: Slot): Slot {
    const last = this.#dag.committee.leadersPerRound - 1;
    return offset < last ? { round, offset: offset + 1 } : { round: round + 1, offset: 0 };
  }

  #slotsFrom(from: Slot): readonly Slot[] {
    const slots: Slot[] = [];
    for (let slot = from; slot.round <= this.#dag.highestRound; slot = this.next(slot))
      slots.push(slot);
    return slots;
  }

  #directly(slot: Slot): Decision | undefined {
    const key = `${slot.round}.${slot.offset}`;
    const known = this.#direct.get(key);
    if (known !== undefined) return known;
    const author = leadersOf(this.#dag.committee, slot.round)[slot.offset]!;
    const found = this.#committed(slot, author) ?? this.#skipped(slot, author);
    if (found !== undefined) this.#direct.set(key, found);
    return found;
  }

  #committed(slot: Slot, author: number): Decision | undefined {
    const { quorum } = this.#dag.committee;
    if (this.#dag.authorsIn(slot.round + 2) < quorum) return undefined;
    for (const leader of this.#dag.of(slot.round, author)) {
      const votes = this.#votesFor(leader);
      const certifying = new Map<number, Ref>();
      for (const block of this.#dag.in(slot.round + 2))
        if (this.#certifies(block, votes)) certifying.set(block.author, block.ref);
      if (certifying.size >= quorum)
        return { kind: 'commit', slot, leader, grounds: [...certifying.values()] };
    }
    return undefined;
  }

  /** Where a quorum of authors voted for no block of the leader, none of them can ever be certified. */
  #skipped(slot: Slot, author: number): Decision | undefined {
    const { quorum } = this.#dag.committee;
    if (this.#dag.authorsIn(slot.round + 1) < quorum) return undefined;
    const against = new Map<number, Ref>();
    for (const block of this.#dag.in(slot.round + 1))
      if (!block.parents.some((parent) => parent.author === author))
        against.set(block.author, block.ref);
    return against.size >= quorum
      ? { kind: 'skip', slot, grounds: [...against.values()] }
      : undefined;
  }

  /** The first slot from three rounds later on that is not skipped decides those that it can look back on. */
  #byAnchor(
    slot: Slot,
    slots: readonly Slot[],
    decisions: readonly (Decision | undefined)[],
  ): Decision | undefined {
    const anchor = slots.findIndex(
      ({ round }, at) => round >= slot.round + WAVE && decisions[at]?.kind !== 'skip',
    );
    const decided = anchor < 0 ? undefined : decisions[anchor];
    if (decided?.kind !== 'commit') return undefined;
    const author = leadersOf(this.#dag.committee, slot.round)[slot.offset]!;
    const history = this.#dag.history(decided.leader, slot.round + 2);
    for (const leader of this.#dag.of(slot.round, author)) {
      const votes = this.#votesFor(leader);
      if (history.some((block) => block.round === slot.round + 2 && this.#certifies(block, votes)))
        return { kind: 'commit', slot, leader, grounds: NONE };
    }
    return { kind: 'skip', slot, grounds: NONE };
  }

  #votesFor(leader: Block): ReadonlySet<string> {
    const votes = new Set<string>();
    for (const block of this.#dag.in(leader.round + 1))
      if (block.parents.some(({ digest }) => digest === leader.ref.digest))
        votes.add(block.ref.digest);
    return votes;
  }

  #certifies(block: Block, votes: ReadonlySet<string>): boolean {
    let count = 0;
    for (const { digest } of block.parents) if (votes.has(digest)) count += 1;
    return count >= this.#dag.committee.quorum;
  }
}
