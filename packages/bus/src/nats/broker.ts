/** NATS with JetStream, as far as the bus needs it. Loaded when somebody uses it. */

import type { JetStreamClient, JetStreamManager, JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';

/** What the bus asks of a broker. */
export interface Broker {
  /** Resolves when the stream has it. */
  publish(subject: string, bytes: Uint8Array, id: string): Promise<void>;
  /** Hands over each message of the stream, again and again until `take` says true. */
  read(consumer: string, take: (bytes: Uint8Array, subject: string) => Promise<boolean>): void;
  /** Says something to who listens now. */
  tell(subject: string, bytes: Uint8Array): void;
  /** Asks whoever answers at a subject; undefined where nobody does. */
  ask(subject: string, bytes: Uint8Array, timeout_ms: number): Promise<Uint8Array | undefined>;
  answer(
    subject: string,
    reply: (bytes: Uint8Array, subject: string) => Promise<Uint8Array | undefined>,
  ): Promise<void>;
  close(): Promise<void>;
}

/** What `connectBroker` takes. */
export interface BrokerOptions {
  readonly url: string;
  readonly stream: string;
  readonly subjects: readonly string[];
  readonly onError: (error: unknown) => void;
}

const CONNECT_MS = 5_000;
const PUBLISH_MS = 5_000;
/** The window in which the broker knows an id again; beyond it the readers do. */
const DUPLICATES_NS = 120_000_000_000;
/** The stream carries; the outbox keeps. */
const MAX_AGE_NS = 7 * 86_400_000_000_000;
const MAX_BYTES = 1_073_741_824;
const ACK_WAIT_NS = 60_000_000_000;
const FETCH_MAX = 100;
const FETCH_MS = 5_000;
const AGAIN_MS = 1_000;

/** Connects, and makes the stream where there is none. */
export async function connectBroker(options: BrokerOptions): Promise<Broker> {
  const { connect } = await import('@nats-io/transport-node');
  const { jetstream, jetstreamManager } = await import('@nats-io/jetstream');
  const connection = await connect({
    servers: options.url.split(',').map((server) => server.trim()),
    timeout: CONNECT_MS,
    maxReconnectAttempts: -1,
    name: 'q.bus',
  });
  try {
    const manager = await jetstreamManager(connection);
    const broker = new NatsBroker(options, connection, manager, jetstream(connection));
    await broker.ensureStream();
    return broker;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

class NatsBroker implements Broker {
  readonly #options: BrokerOptions;
  readonly #connection: NatsConnection;
  readonly #manager: JetStreamManager;
  readonly #client: JetStreamClient;
  readonly #reading: Promise<void>[] = [];
  #isClosed = false;

  constructor(
    options: BrokerOptions,
    connection: NatsConnection,
    manager: JetStreamManager,
    client: JetStreamClient,
  ) {
    this.#options = options;
    this.#connection = connection;
    this.#manager = manager;
    this.#client = client;
  }

  async ensureStream(): Promise<void> {
    const { stream, subjects } = this.#options;
    try {
      await this.#manager.streams.info(stream);
    } catch {
      await this.#manager.streams.add({
        name: stream,
        subjects: [...subjects],
        duplicate_window: DUPLICATES_NS,
        max_age: MAX_AGE_NS,
        max_bytes: MAX_BYTES,
      });
    }
  }

  async publish(subject: string, bytes: Uint8Array, id: string): Promise<void> {
    const options = { msgID: id, timeout: PUBLISH_MS };
    try {
      await this.#client.publish(subject, bytes, options);
    } catch {
      // The stream may be gone; once more, where there is one again.
      await this.ensureStream();
      await this.#client.publish(subject, bytes, options);
    }
  }

  read(consumer: string, take: (bytes: Uint8Array, subject: string) => Promise<boolean>): void {
    this.#reading.push(this.#readAll(consumer, take));
  }

  tell(subject: string, bytes: Uint8Array): void {
    if (!this.#isClosed) this.#connection.publish(subject, bytes);
  }

  async ask(
    subject: string,
    bytes: Uint8Array,
    timeout_ms: number,
  ): Promise<Uint8Array | undefined> {
    try {
      return (await this.#connection.request(subject, bytes, { timeout: timeout_ms })).data;
    } catch {
      return undefined;
    }
  }

  async answer(
    subject: string,
    reply: (bytes: Uint8Array, subject: string) => Promise<Uint8Array | undefined>,
  ): Promise<void> {
    const answers = (async () => {
      for await (const message of this.#connection.subscribe(subject)) {
        try {
          const answer = await reply(message.data, message.subject);
          if (answer !== undefined) message.respond(answer);
        } catch (error) {
          if (!this.#isClosed) this.#options.onError(error);
        }
      }
    })();
    this.#reading.push(answers);
    // The server knows of it: who asks from now on is heard.
    await this.#connection.flush();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#connection.close();
    await Promise.allSettled(this.#reading);
  }

  async #readAll(
    name: string,
    take: (bytes: Uint8Array, subject: string) => Promise<boolean>,
  ): Promise<void> {
    while (!this.#isClosed) {
      try {
        await this.#readSome(name, take);
      } catch (error) {
        if (this.#isClosed) return;
        this.#options.onError(error);
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS).unref());
      }
    }
  }

  async #readSome(
    name: string,
    take: (bytes: Uint8Array, subject: string) => Promise<boolean>,
  ): Promise<void> {
    const { stream } = this.#options;
    await this.ensureStream();
    await this.#manager.consumers.add(stream, {
      durable_name: name,
      ack_policy: 'explicit',
      deliver_policy: 'all',
      ack_wait: ACK_WAIT_NS,
      max_ack_pending: FETCH_MAX,
    });
    const consumer = await this.#client.consumers.get(stream, name);
    while (!this.#isClosed) {
      const messages = await consumer.fetch({ max_messages: FETCH_MAX, expires: FETCH_MS });
      for await (const message of messages) if (!(await settle(message, take))) break;
    }
  }
}

/** Whether the next one may be taken: the order of the stream is kept. */
async function settle(
  message: JsMsg,
  take: (bytes: Uint8Array, subject: string) => Promise<boolean>,
): Promise<boolean> {
  const isTaken = await take(message.data, message.subject);
  if (isTaken) message.ack();
  else message.nak(AGAIN_MS);
  return isTaken;
}
