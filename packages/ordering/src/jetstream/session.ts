import type { ConsumerMessages, JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import type { JetStreamOptions } from './options.ts';
import { findStream, streamName, subjectName, type Place } from './stream.ts';

const CONNECT_MS = 5_000;
const PUBLISH_MS = 5_000;
const PING_MS = 2_000;
/** A reader that was not heard of for so long is forgotten by the broker. */
const READER_IDLE_NS = 60_000_000_000;
/** What the broker sends ahead of what was taken. */
const READ_AHEAD_BYTES = 16 << 20;
const READ_MS = 5_000;

/** A batch as the stream has it. */
export interface StreamMessage {
  readonly seq: number;
  /** When the broker stored it. */
  readonly time_ns: bigint;
  readonly data: Uint8Array;
}

/**
 * One connection. It is never mended: a new one looks at the stream again before anything is read, since
 * a broker that was started anew may have lost its end.
 */
export class Session {
  /** Sequences of the order are those of the stream, and this. */
  readonly base: bigint;
  /** The last sequence that the order had when the session began. */
  readonly lastAtBegin: bigint;
  readonly #connection: NatsConnection;
  readonly #manager: JetStreamManager;
  readonly #client: JetStreamClient;
  readonly #space: string;
  #messages: ConsumerMessages | undefined;

  private constructor(
    of: {
      readonly connection: NatsConnection;
      readonly manager: JetStreamManager;
      readonly client: JetStreamClient;
    },
    space: string,
    found: { readonly base: bigint; readonly last: bigint },
  ) {
    this.#connection = of.connection;
    this.#manager = of.manager;
    this.#client = of.client;
    this.#space = space;
    this.base = found.base;
    this.lastAtBegin = found.last;
  }

  /** @throws OrderUnusable, see findStream; any other error where the broker cannot be reached */
  static async open(options: JetStreamOptions, place: Place): Promise<Session> {
    const { connect } = await import('@nats-io/transport-node');
    const { jetstream, jetstreamManager } = await import('@nats-io/jetstream');
    const connection = await connect({
      servers: options.url.split(',').map((server) => server.trim()),
      timeout: CONNECT_MS,
      pingInterval: PING_MS,
      reconnect: false,
      name: 'q.order',
    });
    try {
      const manager = await jetstreamManager(connection, { timeout: PUBLISH_MS });
      const found = await findStream(manager, options, place);
      const client = jetstream(connection, { timeout: PUBLISH_MS });
      return new Session({ connection, manager, client }, options.space, found);
    } catch (error) {
      await connection.close().catch(() => undefined);
      throw error;
    }
  }

  /** Bytes of a message that the broker takes, its headers included. */
  get messageBytesMax(): number {
    return this.#connection.info?.max_payload ?? 0;
  }

  /** Resolves when the connection is gone. */
  closed(): Promise<Error | void> {
    return this.#connection.closed();
  }

  /**
   * @param id what the broker knows it again by, for a while
   * @returns its number in the stream, and whether that is an earlier one's
   */
  async publish(
    bytes: Uint8Array,
    id: string,
  ): Promise<{ readonly seq: number; readonly isDuplicate: boolean }> {
    const subject = subjectName(this.#space);
    const ack = await this.#client.publish(subject, bytes, { msgID: id, timeout: PUBLISH_MS });
    return { seq: ack.seq, isDuplicate: ack.duplicate };
  }

  /** Reads the stream from a number on, for as long as the connection lasts. */
  async *read(from: number): AsyncGenerator<StreamMessage> {
    const stream = streamName(this.#space);
    const { name } = await this.#manager.consumers.add(stream, {
      ack_policy: 'none',
      deliver_policy: 'by_start_sequence',
      opt_start_seq: from,
      inactive_threshold: READER_IDLE_NS,
      mem_storage: true,
    });
    const consumer = await this.#client.consumers.get(stream, name);
    const messages = await consumer.consume({
      max_bytes: READ_AHEAD_BYTES,
      expires: READ_MS,
      abort_on_missing_resource: true,
    });
    this.#messages = messages;
    for await (const message of messages) {
      const { seq, data, timestampNanos } = message;
      yield { seq, data, time_ns: timestampNanos };
    }
  }

  async close(): Promise<void> {
    this.#messages?.stop();
    await this.#connection.close().catch(() => undefined);
  }
}
