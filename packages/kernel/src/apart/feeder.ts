import { QError } from '@anarq/common-schemas';
import type { Store } from '@anarq/store';
import type { Services } from '../services.ts';
import { feedHead, readFeed } from './feed.ts';
import type { Followed } from './messages.ts';
import type { Peer } from './peer.ts';

/** Also where nothing changed: a follower counts the time since it last heard. */
const BEAT_MS = 1_000;
const PAGE_TIMEOUT_MS = 2_000;

/** Tells one process who exists and who may what: at once after a change, and every second. */
export class Feeder {
  readonly #peer: Peer;
  readonly #services: Services;
  readonly #store: Store;
  readonly #source: string;
  #followed: Followed | undefined;
  #telling: Promise<void> | undefined;
  #beat: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(order: {
    readonly peer: Peer;
    readonly services: Services;
    readonly store: Store;
    readonly source: string;
  }) {
    this.#peer = order.peer;
    this.#services = order.services;
    this.#store = order.store;
    this.#source = order.source;
    this.#beatOn();
  }

  /** Something was committed; what fails to be told now is told with the next beat. */
  wake(): void {
    if (!this.#closed) this.upToDate().catch(() => undefined);
  }

  #beatOn(): void {
    if (this.#closed) return;
    this.#beat = setTimeout(() => this.#beatOn(), BEAT_MS).unref();
    this.#tell().catch(() => undefined);
  }

  /**
   * Waits until the process knows what is known here now.
   * @throws SERVICE_UNAVAILABLE
   */
  async upToDate(): Promise<void> {
    const head = await feedHead(this.#store);
    if (this.#followed !== undefined && this.#followed.epoch >= head) return;
    // One that is under way may have begun before the last change.
    await this.#telling?.catch(() => undefined);
    if (this.#followed !== undefined && this.#followed.epoch >= head) return;
    await this.#tell();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#beat);
    await this.#telling?.catch(() => undefined);
  }

  #tell(): Promise<void> {
    this.#telling ??= this.#tellAll().finally(() => {
      this.#telling = undefined;
    });
    return this.#telling;
  }

  async #tellAll(): Promise<void> {
    let followed = this.#followed ?? (await this.#peer.following());
    if (followed === undefined) return;
    for (let refused = 0; refused < 2;) {
      const page = await readFeed(this.#services, this.#store, followed.epoch);
      if (followed.epoch > page.head)
        throw new QError(
          'SERVICE_UNAVAILABLE',
          `The process at ${this.#peer.url} knows more than this one: this store was put back to an earlier state. Put back that of the other process as well.`,
        );
      followed = await this.#say(followed.challenge, page);
      // The challenge of a greeting may have been answered since; the one that came now was not.
      if (followed.epoch < page.upTo) refused += 1;
      else if (page.upTo >= page.head) return;
      else refused = 0;
    }
    throw new QError(
      'SERVICE_UNAVAILABLE',
      `The process at ${this.#peer.url} follows the feed of another process than this one.`,
    );
  }

  async #say(challenge: string, page: Awaited<ReturnType<typeof readFeed>>): Promise<Followed> {
    this.#followed = undefined;
    const answer = await this.#peer.probe(
      { kind: 'feed', source: this.#source, challenge, page },
      PAGE_TIMEOUT_MS,
    );
    if ('following' in answer) return (this.#followed = answer.following);
    throw new QError('SERVICE_UNAVAILABLE', `The process at ${this.#peer.url} follows no feed.`);
  }
}
