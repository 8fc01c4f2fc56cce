import { leadersOf } from './committee.ts';
import type { Dag } from './dag.ts';

export interface PaceSettings {
  /** Rounds do not follow faster: it bounds how much is said about nothing. */
  readonly round_ms_min: number;
  /**
   * How long a round waits for its leader, and for the votes on the leader before: at least, and at most where
   * one after another was waited for in vain.
   */
  readonly leader_ms_min: number;
  readonly leader_ms_max: number;
}

/**
 * Crashed validators lead now and then, a few times in a row too. Only a row of so many misses, for each
 * validator, says that all is slower than thought.
 */
const MISSES_FREE = 2;

/** What a validator has of an epoch, and who is proved to equivocate there. */
interface Seen {
  readonly dag: Dag;
  /** Nobody waits for them, and rather for a quorum without them. */
  readonly equivocators: ReadonlySet<number>;
}

/**
 * Whoever was not here in so many rounds is not waited for, until it is in time once: one that is silent, and one
 * whose blocks always come when the others have gone on. Nor is a leader that was waited for in vain once: of a
 * validator that crashed, every turn to lead would cost the others that time.
 */
const ABSENCES_MAX = 6;

/** Says when a validator goes on to its next round. */
export class Pacemaker {
  readonly #settings: PaceSettings;
  #proposed_ms = -Infinity;
  /** The round that a quorum has blocks of, and since when that is known. */
  #quorumRound = 0;
  #quorumSince_ms = -Infinity;
  #misses = 0;
  /** Leaders that a round was waited for in vain, and that were not in time since. */
  readonly #inVain = new Set<number>();
  /** By author: in how many own rounds in a row its block was not here when this validator went on. */
  readonly #absences = new Map<number, number>();

  constructor(settings: PaceSettings) {
    this.#settings = settings;
  }

  /** The highest round of which a quorum of authors has blocks here. */
  quorumRound(dag: Dag): number {
    let round = dag.highestRound;
    while (round > dag.floor && dag.authorsIn(round) < dag.committee.quorum) round -= 1;
    return round;
  }

  /** @returns the round to propose now, where the time has come */
  next(seen: Seen, lastOwn: number, now_ms: number): number | undefined {
    const round = this.#next(seen, lastOwn, now_ms);
    if (round === undefined) return undefined;
    for (const author of seen.dag.committee.publicKeys.keys()) {
      const isHere = seen.dag.of(round - 1, author).length > 0;
      this.#absences.set(author, isHere ? 0 : (this.#absences.get(author) ?? 0) + 1);
      if (isHere) this.#inVain.delete(author);
    }
    return round;
  }

  #next({ dag, equivocators }: Seen, lastOwn: number, now_ms: number): number | undefined {
    const reached = this.quorumRound(dag);
    if (reached > this.#quorumRound || this.#quorumSince_ms === -Infinity) {
      this.#quorumRound = reached;
      this.#quorumSince_ms = now_ms;
    }
    if (reached + 1 <= lastOwn || dag.authorsIn(reached) < dag.committee.quorum) return undefined;
    if (now_ms < this.#proposed_ms + this.#settings.round_ms_min) return undefined;
    // A quorum went on: there is nothing to wait for any more, and some may wait for this block.
    if (reached === lastOwn + 1) return reached;
    // Whoever is behind catches up without waiting for anybody.
    if (reached > lastOwn + 1) return reached + 1;
    if (this.#isReady(dag, reached, equivocators)) {
      this.#misses = 0;
      return reached + 1;
    }
    if (now_ms < this.#quorumSince_ms + this.#timeout_ms(dag)) return undefined;
    this.#misses += 1;
    for (const leader of leadersOf(dag.committee, reached))
      if (dag.of(reached, leader).length === 0) this.#inVain.add(leader);
    return reached + 1;
  }

  proposed(now_ms: number): void {
    this.#proposed_ms = now_ms;
  }

  #timeout_ms({ committee }: Dag): number {
    const { leader_ms_min, leader_ms_max } = this.#settings;
    const over = this.#misses - MISSES_FREE * committee.publicKeys.length;
    return Math.min(leader_ms_min * 2 ** Math.max(over, 0), leader_ms_max);
  }

  /** All who are waited for are here, or the leaders of the round are, and how those before fared is settled. */
  #isReady(dag: Dag, round: number, equivocators: ReadonlySet<number>): boolean {
    const { committee } = dag;
    if (round === 0) return true;
    // Where they are more than can have failed at once, some are slow: then each is waited for.
    const failed = new Set([...this.#inVain, ...equivocators]).size;
    const areGone = failed <= committee.publicKeys.length - committee.quorum;
    const isHereOrLate = (author: number): boolean =>
      dag.of(round, author).length > 0 ||
      equivocators.has(author) ||
      (areGone && this.#inVain.has(author)) ||
      (this.#absences.get(author) ?? 0) >= ABSENCES_MAX;
    if ([...committee.publicKeys.keys()].every(isHereOrLate)) return true;
    const doubtful = [...equivocators].filter((author) => dag.of(round, author).length > 0).length;
    if (dag.authorsIn(round) - doubtful < committee.quorum) return false;
    if (!leadersOf(committee, round).every(isHereOrLate)) return false;
    return leadersOf(committee, round - 1).every((leader) => {
      let votes = 0;
      let against = 0;
      for (const { parents } of dag.firstIn(round))
        if (parents.some(({ author }) => author === leader)) votes += 1;
        else against += 1;
      return Math.max(votes, against) >= committee.quorum;
    });
  }
}
