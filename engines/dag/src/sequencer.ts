import { compareRefs, type Block, type Ref } from './block.ts';
import { CommitRule, WAVE, type Decision, type Slot } from './commitRule.ts';
import type { Dag } from './dag.ts';
import type { Commit } from './executor.ts';
import { REACH_ROUNDS, type Executed } from './order.ts';

/** Puts the blocks of an epoch in order: every committed leader brings what it builds on and no one before brought. */
export class Sequencer {
  readonly #dag: Dag;
  readonly #rule: CommitRule;
  #next: Slot;
  #leaderRound = 0;
  #time_ms: number;
  /** Blocks that are in order already, by digest, with their round. */
  readonly #ordered = new Map<string, number>();
  /** The decisions that no later leader's history shows yet. */
  #last: readonly Decision[] = [];

  constructor(dag: Dag, begin: Pick<Executed, 'next' | 'recent' | 'checkpoint_ms'>) {
    this.#dag = dag;
    this.#rule = new CommitRule(dag);
    this.#next = begin.next;
    this.#time_ms = begin.recent.at(-1)?.time_ms ?? begin.checkpoint_ms;
    for (const { leaderRound, refs } of begin.recent) {
      this.#leaderRound = leaderRound;
      for (const { digest, round } of refs) this.#ordered.set(digest, round);
    }
  }

  /** Round of the last committed leader. */
  get leaderRound(): number {
    return this.#leaderRound;
  }

  get next(): Slot {
    return this.#next;
  }

  /** What can be put in order by now. */
  advance(): readonly Commit[] {
    const commits: Commit[] = [];
    const decisions = this.#rule.decide(this.#next);
    for (const decision of decisions) {
      this.#next = this.#rule.next(decision.slot);
      if (decision.kind === 'commit') commits.push(this.#commit(decision.leader));
    }
    if (commits.length > 0) this.#rule.prune(this.#next.round);
    this.#last = [...this.#last, ...decisions].filter(
      ({ slot }) => slot.round > this.#leaderRound - WAVE,
    );
    return commits;
  }

  /**
   * The blocks that the last decisions rest on. Where no more blocks come that build on them, others may lack some:
   * of a liar's many blocks for one round each node keeps only a few.
   */
  get grounds(): readonly Ref[] {
    const refs = this.#last.flatMap(({ grounds }) =>
      grounds.map((ref) => [ref.digest, ref] as const),
    );
    return [...new Map(refs).values()];
  }

  #commit(leader: Block): Commit {
    const from = Math.max(1, leader.round - REACH_ROUNDS);
    const blocks = this.#dag
      .history(leader, from, (digest) => this.#ordered.has(digest))
      .toSorted((a, b) => compareRefs(a.ref, b.ref));
    for (const { ref } of blocks) this.#ordered.set(ref.digest, ref.round);
    for (const [digest, round] of this.#ordered) if (round < from) this.#ordered.delete(digest);
    this.#leaderRound = leader.round;
    this.#time_ms = Math.max(this.#time_ms, this.#medianTime(leader));
    return { leader, blocks, time_ms: this.#time_ms, next: this.#next };
  }

  /** The median of the parents' times: with a quorum of parents, honest clocks lie on both sides of it. */
  #medianTime(leader: Block): number {
    const times = leader.parents.flatMap(({ digest }) => this.#dag.get(digest)?.time_ms ?? []);
    const sorted = times.toSorted((a, b) => a - b);
    return sorted[Math.floor((sorted.length - 1) / 2)] ?? leader.time_ms;
  }
}
