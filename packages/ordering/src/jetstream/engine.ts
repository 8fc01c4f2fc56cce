import { QError } from '@anarq/common-schemas';
import { sha256, toBase64url, utf8, randomBytes } from '@anarq/crypto';
import { Applying } from '../applying.ts';
import { FAULT_MODELS } from '../faultModels.ts';
import { Intake, type Entrusted } from '../intake.ts';
import type {
  Batch,
  OrderedAnswer,
  OrderedCommit,
  OrderingEngine,
  OrderingState,
  OrderingStatus,
} from '../types.ts';
import { ENVELOPE_BYTES_MAX, openBatch, sealBatch } from './envelope.ts';
import type { JetStreamOptions } from './options.ts';
import { Session, type StreamMessage } from './session.ts';
import { OrderUnusable, subjectName, type Place } from './stream.ts';

/** Batches that are on their way to the broker at once. */
const PUBLISHING_MAX = 256;
const AGAIN_MS_MIN = 50;
const AGAIN_MS_MAX = 2_000;
/** Of a key, so that the broker's header is short whatever the key is. */
const ID_BYTES = 16;
const STREAM_LIMITS = /maximum|exceed|insufficient/i;

/**
 * Batches in the order in which a stream has them. Every node reads it whole and applies it to books of its
 * own; a node answers its callers when its own books are synced. The stream is never the only copy of
 * what was answered.
 */
export class JetStreamOrdering implements OrderingEngine {
  readonly faultModel = FAULT_MODELS.jetstream;
  readonly #options: JetStreamOptions;
  readonly #intake: Intake;
  readonly #applying: Applying;
  readonly #toPublish: Entrusted[] = [];
  #session: Session | undefined;
  #publishing = 0;
  /** How far this process has read. */
  #place: Place;
  #ordered: bigint;
  #state: OrderingState = 'disconnected';
  #why: string | undefined;
  #counts = { resubmitted: 0, foreign: 0, reconnected: -1 };
  #wakeUp: (() => void) | undefined;
  readonly #running: Promise<void>;

  constructor(options: JetStreamOptions, first: Session) {
    const { applier, limits } = options;
    this.#options = options;
    this.#place = placeOf(options);
    this.#ordered = first.lastAtBegin;
    this.#intake = new Intake('jetstream', limits);
    this.#applying = new Applying(
      applier,
      ({ key, sequence }, answer) => this.#intake.answer(key, sequence, answer),
      (error) => this.#fail(new OrderUnusable(`a batch could not be applied: ${error.message}`)),
    );
    this.#running = this.#run(first);
  }

  async submit(batch: Batch): Promise<OrderedAnswer> {
    const bytesMax = this.#session?.messageBytesMax;
    const { held, isNew } = this.#intake.take(
      batch,
      bytesMax === undefined ? Infinity : bytesMax - ENVELOPE_BYTES_MAX,
    );
    if (isNew) {
      this.#toPublish.push(held);
      this.#publish();
    }
    return held.promise;
  }

  status(): OrderingStatus {
    return {
      faultModel: this.faultModel,
      state: this.#state,
      ...(this.#why === undefined ? {} : { why: this.#why }),
      applied: this.#options.applier.applied(),
      ordered: this.#ordered,
      waiting: this.#intake.size,
      waiting_bytes: this.#intake.bytes,
      counts: {
        submitted: this.#intake.submitted,
        applied: this.#applying.count,
        ...this.#counts,
        reconnected: Math.max(0, this.#counts.reconnected),
      },
    };
  }

  async close(): Promise<void> {
    if (this.#state !== 'failed') this.#state = 'closed';
    await this.#session?.close();
    this.#wakeUp?.();
    await this.#running;
    await this.#applying.stop();
    this.#intake.close(new QError('SERVICE_UNAVAILABLE', 'The order is closed.'));
  }

  get #isOver(): boolean {
    return this.#state === 'failed' || this.#state === 'closed';
  }

  /** Reads, connects anew, and reads on, until it is over. */
  async #run(first: Session): Promise<void> {
    let wait_ms = AGAIN_MS_MIN;
    let next: Session | undefined = first;
    while (!this.#isOver) {
      const session: Session | undefined = next;
      next = undefined;
      try {
        const opened = session ?? (await Session.open(this.#options, this.#place));
        wait_ms = AGAIN_MS_MIN;
        await this.#follow(opened);
      } catch (error) {
        if (error instanceof OrderUnusable) this.#fail(error);
        else if (!this.#isOver) this.#options.onError(error);
      }
      if (this.#isOver) break;
      this.#state = 'disconnected';
      await this.#pause(wait_ms);
      wait_ms = Math.min(AGAIN_MS_MAX, wait_ms * 2);
    }
    await this.#session?.close();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Reads from one connection until it ends. */
  async #follow(session: Session): Promise<void> {
    this.#session = session;
    this.#counts.reconnected++;
    this.#ordered = session.lastAtBegin;
    this.#noteState(session);
    // What had no answer may have been lost on the way; what the broker has, it knows again.
    if (this.#counts.reconnected > 0) this.#publishAgain();
    this.#publish();
    void session.closed().then(() => session.close());
    try {
      const from = Number(this.#place.read - session.base) + 1;
      for await (const message of session.read(from)) {
        if (this.#isOver) return;
        this.#take(session, message);
        await this.#applying.room();
      }
    } finally {
      this.#session = undefined;
      await session.close();
    }
  }

  #take(session: Session, { seq, time_ns, data }: StreamMessage): void {
    const sequence = session.base + BigInt(seq);
    if (sequence !== this.#place.read + 1n)
      throw new OrderUnusable(
        `the stream goes on with ${sequence} behind ${this.#place.read}: what lies between is gone. Copy the folder of a node that follows it`,
      );
    const { key32, space } = this.#options;
    const batch = openBatch(key32, subjectName(space), data);
    this.#place = {
      read: sequence,
      known: batch === undefined ? this.#place.known : { sequence, key: batch.key },
      digest: batch === undefined ? this.#place.digest : undefined,
    };
    if (sequence > this.#ordered) this.#ordered = sequence;
    if (batch === undefined) this.#counts.foreign++;
    else this.#applying.push({ sequence, time_ns, ...batch } satisfies OrderedCommit);
    this.#noteState(session);
  }

  #noteState(session: Session): void {
    if (this.#isOver) return;
    this.#state = this.#place.read < session.lastAtBegin ? 'catchingUp' : 'ready';
  }

  #publishAgain(): void {
    this.#toPublish.length = 0;
    for (const held of this.#intake.waiting()) {
      this.#toPublish.push(held);
      this.#counts.resubmitted++;
    }
  }

  #publish(): void {
    const session = this.#session;
    if (session === undefined) return;
    while (this.#publishing < PUBLISHING_MAX && !this.#isOver) {
      const held = this.#toPublish.shift();
      if (held === undefined) return;
      if (held.isSettled) continue;
      this.#publishing++;
      void this.#publishOne(session, held, idOf(held.key)).finally(() => {
        this.#publishing--;
        this.#publish();
      });
    }
  }

  async #publishOne(session: Session, held: Entrusted, id: string): Promise<void> {
    const { key32, space } = this.#options;
    const sealed = sealBatch(key32, subjectName(space), held.key, held.bytes);
    try {
      const { seq, isDuplicate } = await session.publish(sealed, id);
      // It was there before this process waited for it, and comes by no more: the books say what became of it.
      const isPast = session.base + BigInt(seq) <= this.#place.read;
      if (isDuplicate && isPast && !held.isSettled && this.#session === session)
        await this.#publishOne(session, held, toBase64url(randomBytes(ID_BYTES)));
    } catch (error) {
      this.#notPublished(session, held, error);
    }
  }

  #notPublished(session: Session, held: Entrusted, error: unknown): void {
    if (held.isSettled || this.#isOver) return;
    const why = error instanceof Error ? error.message : String(error);
    if (STREAM_LIMITS.test(why)) {
      const told = `The broker does not take this batch: ${why}.`;
      this.#intake.refuse(held.key, new QError('LIMIT_EXCEEDED', told));
      return;
    }
    // A connection that is gone publishes all again; one that is there may have lost one acknowledgement.
    if (this.#session !== session) return;
    setTimeout(() => {
      if (held.isSettled || this.#session !== session) return;
      this.#counts.resubmitted++;
      this.#toPublish.push(held);
      this.#publish();
    }, AGAIN_MS_MIN).unref();
  }

  #fail(error: OrderUnusable): void {
    if (this.#isOver) return;
    this.#state = 'failed';
    this.#why = error.message;
    this.#options.onError(error);
    this.#intake.close(new QError('SERVICE_UNAVAILABLE', `The order stopped: ${error.message}.`));
    void this.#session?.close();
  }
}

/** Where the books are, before anything was read. */
export function placeOf({ applier }: Pick<JetStreamOptions, 'applier'>): Place {
  const { sequence, key, digest } = applier.history();
  return {
    read: applier.applied(),
    known: key === undefined ? undefined : { sequence, key },
    digest,
  };
}

const idOf = (key: string): string => toBase64url(sha256(utf8(key)).subarray(0, ID_BYTES));
