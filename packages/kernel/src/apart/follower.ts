import { QError } from '@anarq/common-schemas';
import type { Store } from '@anarq/store';
import type { Services } from '../services.ts';
import { freshId } from './channel.ts';
import { followStatements, followedUpTo } from './feed.ts';
import type { Followed, FeedMessage } from './messages.ts';

/** Longer than a few missed pages, short enough that a cut line is no way around a revocation. */
const STALE_MS = 5_000;

/**
 * Takes over who exists and who may what from the process that decides it. Pages come in order, and
 * each answers the challenge that went out with the answer to the one before: so what is known here
 * was so at the time of that challenge, however long the page was under way.
 */
export class Follower {
  readonly #store: Store;
  readonly #services: Services;
  readonly #now_ms: () => number;
  readonly #stale_ms: number;
  readonly #monotonic_ms: () => number;
  #source: string | undefined;
  #epoch = 0;
  #challenge = freshId();
  #challenged_ms: number;
  /** When the sources were last known to be followed to their end; by a clock that never goes back. */
  #fresh_ms = Number.NEGATIVE_INFINITY;
  /** Grants whose place among the others is only known once all of them are here. */
  readonly #waiting = new Set<string>();
  #working: Promise<unknown> = Promise.resolve();

  constructor(order: {
    readonly store: Store;
    readonly services: Services;
    readonly now_ms: () => number;
    readonly stale_ms?: number;
    readonly monotonic_ms?: () => number;
  }) {
    this.#store = order.store;
    this.#services = order.services;
    this.#now_ms = order.now_ms;
    this.#stale_ms = order.stale_ms ?? STALE_MS;
    this.#monotonic_ms = order.monotonic_ms ?? (() => performance.now());
    this.#challenged_ms = this.#monotonic_ms();
  }

  /** Reads how far the store has come; the one source is the process that founded the identities. */
  async open(): Promise<void> {
    const [row] = await this.#store.read('SELECT source FROM kernel_fed ORDER BY source LIMIT 1');
    if (row === undefined) return;
    this.#source = row['source'] as string;
    this.#epoch = await followedUpTo(this.#store, this.#source);
  }

  followed(): Followed {
    return { epoch: this.#epoch, challenge: this.#challenge };
  }

  /** Milliseconds since what is known here was known to be complete. */
  age_ms(): number {
    return this.#monotonic_ms() - this.#fresh_ms;
  }

  /** Why no call may be decided here now; undefined: one may. */
  problem(): QError | undefined {
    const age_ms = this.age_ms();
    if (age_ms <= this.#stale_ms) return undefined;
    const since = Number.isFinite(age_ms) ? `for ${Math.floor(age_ms / 1000)} s` : 'yet';
    return new QError(
      'SERVICE_UNAVAILABLE',
      `This process was not told ${since} which grants are in force, and decides nothing without. The process that runs sQuid and Qonsent has to name it under --remote, and to reach it.`,
      { reason: 'FEED_STALE', stale_ms: this.#stale_ms, retryAfter_ms: 1_000 },
    );
  }

  /** Takes a page over. One after the other, so that the order of pages is the order of changes. */
  follow(message: FeedMessage): Promise<Followed> {
    const followed = this.#working.then(() => this.#follow(message));
    this.#working = followed.catch(() => undefined);
    return followed;
  }

  async #follow({ source, challenge, page }: FeedMessage): Promise<Followed> {
    const isAnswer = challenge === this.#challenge;
    const asked_ms = this.#challenged_ms;
    this.#challenge = freshId();
    this.#challenged_ms = this.#monotonic_ms();
    // Of another source, or of one that was put back to an earlier state, nothing is taken.
    const isNext = page.after <= this.#epoch && page.head >= this.#epoch;
    if (!isAnswer || !isNext || (this.#source ?? source) !== source) return this.followed();
    if (page.upTo > this.#epoch) {
      await this.#store.commit(followStatements(source, page));
      for (const { kind, key, row } of page.entries) {
        if (kind === 'identity') this.#services.identities.follow(key, row.status);
        if (kind === 'session') this.#services.sessions.follow(key);
        if (kind !== 'grant') continue;
        if (row.revoked_ms === null) this.#waiting.add(key);
        else await this.#services.grants.follow(key, this.#now_ms());
      }
      this.#source = source;
      this.#epoch = page.upTo;
    }
    if (this.#epoch < page.head) return this.followed();
    for (const cid of this.#waiting) await this.#services.grants.follow(cid, this.#now_ms());
    this.#waiting.clear();
    this.#fresh_ms = asked_ms;
    return this.followed();
  }
}
