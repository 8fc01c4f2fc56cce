import type { Block, Ref, UnsealedBlock } from './block.ts';
import type { Clock } from './clock.ts';
import type { EpochRun } from './epochRun.ts';
import type { Mempool } from './mempool.ts';
import { Pacemaker, type PaceSettings } from './pacemaker.ts';
import { evidenceFor, refsFor, roomTaken } from './proposal.ts';

/** What this node says as a validator of one epoch: one block a round, and never another one. */
export class Speaker {
  readonly #pace: Pacemaker;
  #last: Ref | undefined;
  #isSealing = false;

  constructor(settings: PaceSettings) {
    this.#pace = new Pacemaker(settings);
  }

  /** What was said before a start. */
  saidBefore(ref: Ref): void {
    this.#last = ref;
  }

  /** The block to sign, sync and say now, where the time has come. */
  next(
    run: EpochRun,
    author: number,
    mempool: Mempool,
    { now_ms, time_ms }: Clock,
  ): UnsealedBlock | undefined {
    if (this.#isSealing) return undefined;
    const round = this.#pace.next(run, this.#last?.round ?? 0, now_ms);
    if (round === undefined) return undefined;
    this.#isSealing = true;
    const { parents, weakParents } = refsFor(run, author, round, this.#last);
    return {
      epoch: run.committee.epoch,
      round,
      author,
      parents,
      weakParents,
      entries: mempool.take(round, roomTaken(parents, weakParents)),
      evidence: evidenceFor(run),
      time_ms,
    };
  }

  /** The block is signed and durable: it can be said. */
  sealed(block: Block, now_ms: number): void {
    this.#isSealing = false;
    this.#last = block.ref;
    this.#pace.proposed(now_ms);
  }

  /** The last own block, where it is among the others. */
  last(run: EpochRun): Block | undefined {
    return this.#last === undefined ? undefined : run.dag.get(this.#last.digest);
  }
}
