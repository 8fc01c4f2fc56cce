/** A node in several processes on one NATS with JetStream: each tells the others what it emitted. */

import { QError } from '@anarq/common-schemas';
import type { Store } from '@anarq/store';

import { Feed } from './feed.ts';
import { connectBroker, type Broker } from './broker.ts';
import { Relay } from './relay.ts';
import {
  helloSubject,
  refillSubject,
  seal,
  SUBJECT_ROOT,
  unseal,
  type Carried,
  type Refill,
} from './wire.ts';

/** What `openNatsBus` takes. */
export interface NatsBusOptions {
  /** `nats://host:port`, or several with commas. */
  readonly url: string;
  readonly store: Store;
  /** Names the node: lower-case letters and digits, the same for each of its processes. */
  readonly space: string;
  /** Names this process among those of the node. */
  readonly origin: string;
  /** Key of the node: 32 bytes. What another key sealed is not read. */
  readonly key32: Uint8Array;
  readonly now_ms: () => number;
  readonly onError: (error: unknown) => void;
  /** Called when events of other processes are in the outbox. */
  readonly wake: () => void;
  /** How often it looks after what it may have missed. Default 5 s. */
  readonly safety_ms?: number;
}

/** The connection of one process to the others. */
export interface NatsBus {
  /** Says that this process emitted something. */
  poke(): void;
  close(): Promise<void>;
}

const SAFETY_MS = 5_000;
const ASK_MS = 5_000;

interface Question {
  readonly reader: string;
  readonly after: number;
}

/**
 * Connects a process to the others of its node.
 *
 * The outbox of each process stays the truth. JetStream acknowledges before it is on the disk, and a
 * stream can be deleted: so every event names the one before it, and who misses one asks its origin.
 * @throws QError SERVICE_UNAVAILABLE where the broker cannot be reached
 */
export async function openNatsBus(options: NatsBusOptions): Promise<NatsBus> {
  const { space, origin, key32, store } = options;
  const broker = await connectBroker({
    url: options.url,
    stream: `q_bus_${space}`,
    subjects: [`${SUBJECT_ROOT}.${space}.events.>`],
    onError: options.onError,
  }).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new QError('SERVICE_UNAVAILABLE', `The bus at ${options.url} does not answer: ${why}.`);
  });
  const relay = new Relay({
    ...options,
    publish: (subject, bytes, id) => broker.publish(subject, bytes, id),
  });
  const feed = new Feed({
    store,
    origin,
    now_ms: options.now_ms,
    wake: options.wake,
    ask: (other, after) => ask(broker, options, other, after),
  });
  await feed.load();
  const running = new Running(options, broker, relay, feed);
  await broker.answer(refillSubject(space, origin), async (bytes, subject) => {
    const question = unseal<Question>(key32, bytes, subject);
    if (question === undefined) return undefined;
    const { reader, after } = question;
    return seal(key32, await relay.refill(reader, after), `${subject} ${reader}`);
  });
  await broker.answer(helloSubject(space), (bytes, subject) => {
    const said = unseal<{ readonly origin: string }>(key32, bytes, subject);
    if (said !== undefined) feed.hear(said.origin);
    return Promise.resolve(undefined);
  });
  running.start();
  return running;
}

async function ask(
  broker: Broker,
  { space, origin, key32 }: NatsBusOptions,
  other: string,
  after: number,
): Promise<Refill | undefined> {
  const subject = refillSubject(space, other);
  const question: Question = { reader: origin, after };
  const answer = await broker.ask(subject, seal(key32, question, subject), ASK_MS);
  return answer && unseal<Refill>(key32, answer, `${subject} ${origin}`);
}

class Running implements NatsBus {
  readonly #options: NatsBusOptions;
  readonly #broker: Broker;
  readonly #relay: Relay;
  readonly #feed: Feed;
  readonly #safety: NodeJS.Timeout;
  #isClosed = false;
  #again = false;
  #relaying: Promise<void> | null = null;
  #reading: Promise<void> = Promise.resolve();

  constructor(options: NatsBusOptions, broker: Broker, relay: Relay, feed: Feed) {
    this.#options = options;
    this.#broker = broker;
    this.#relay = relay;
    this.#feed = feed;
    const look = () => {
      this.poke();
      this.#hello();
      void this.#inTurn(() => this.#catchUp());
    };
    this.#safety = setInterval(look, options.safety_ms ?? SAFETY_MS).unref();
  }

  start(): void {
    this.poke();
    this.#hello();
    void this.#inTurn(() => this.#catchUp());
    const { key32, origin } = this.#options;
    this.#broker.read(`feed_${origin}`, (bytes, subject) => {
      const carried = unseal<Carried>(key32, bytes, subject);
      // What nobody of this node sealed is not for it, however often it comes.
      if (carried === undefined) return Promise.resolve(true);
      return this.#inTurn(() => this.#feed.take(carried));
    });
  }

  poke(): void {
    this.#again = true;
    this.#relaying ??= this.#relayAll().finally(() => (this.#relaying = null));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#safety);
    await this.#relaying;
    await this.#reading;
    await this.#broker.close();
  }

  async #relayAll(): Promise<void> {
    while (this.#again && !this.#isClosed) {
      this.#again = false;
      try {
        await this.#relay.run(() => this.#isClosed);
      } catch (error) {
        // The safety timer tries again; the outbox keeps what was not told.
        if (!this.#isClosed) this.#options.onError(error);
      }
    }
  }

  /** Who never heard of this process learns that there is something to ask it for. */
  #hello(): void {
    const { space, origin, key32 } = this.#options;
    const subject = helloSubject(space);
    this.#broker.tell(subject, seal(key32, { origin }, subject));
  }

  async #catchUp(): Promise<boolean> {
    for (const origin of this.#feed.origins) if (!this.#isClosed) await this.#feed.catchUp(origin);
    return true;
  }

  /** One after the other: what comes from the broker and what is asked for meet in one order. */
  #inTurn(work: () => Promise<boolean>): Promise<boolean> {
    const turn = this.#reading.then(async () => {
      if (this.#isClosed) return false;
      try {
        return await work();
      } catch (error) {
        this.#options.onError(error);
        return false;
      }
    });
    this.#reading = turn.then(() => undefined);
    return turn;
  }
}
