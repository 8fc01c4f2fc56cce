import type { Follow, FollowedEvent } from '@anarq/bus';
import { failure, QError, type Failure } from '@anarq/common-schemas';
import { standing } from './authenticate.ts';
import type { Call } from './call.ts';
import type { EventsInput } from './eventReader.ts';
import type { Invocation } from './invocation.ts';
import type { Services } from './services.ts';

/** Streams that are open at a time: of one identity, and of all. */
const STREAMS_OF_ONE_MAX = 20;
const STREAMS_MAX = 1_000;
/** A stream is as long as a session may be; then it proves itself again. */
const STREAM_LIFE_MS = 3_600_000;
const TICK_MS = 1_000;
/** For what ended elsewhere, and is not told here. */
const LOOK_AGAIN_TICKS = 10;

/** Events as they come, for one who may see them, for as long as it may. */
export interface EventStream {
  /** The next events; or why there are no more: nothing where the reader closed it. */
  next(): Promise<
    | { readonly events: readonly FollowedEvent[]; readonly ended?: never }
    | { readonly events?: never; readonly ended: Failure | undefined }
  >;
  /** Where to go on with another stream. */
  readonly cursor: string;
  /** It ended; what was answered and not yet passed on is not to be. */
  readonly isOver: boolean;
  close(): void;
}

/** A call of `node.readEvents` that is to go on. */
export interface FollowCall extends Call {
  /** The id of the last event that a reader got before it was cut: instead of `after`. */
  readonly resumeAfter?: string;
}

/** A call that was admitted, or how it was refused. */
export type Admission =
  | { readonly ok: true; readonly inv: Invocation }
  | { readonly ok: false; readonly failure: Failure };

/** What `follow` answers. */
export type Followed =
  | { readonly ok: true; readonly stream: EventStream }
  | { readonly ok: false; readonly failure: Failure };

/** The streams of a node. Each ends at once when what it was opened under ends. */
export class EventStreams {
  readonly #services: Services;
  readonly #admit: (call: Call) => Promise<Admission>;
  readonly #now_ms: () => number;
  readonly #open = new Set<Stream>();
  readonly #unlisten: () => void;
  readonly #timer: NodeJS.Timeout;
  #ticks = 0;
  #closed = false;

  constructor(services: Services, admit: (call: Call) => Promise<Admission>, now_ms: () => number) {
    this.#services = services;
    this.#admit = admit;
    this.#now_ms = now_ms;
    this.#unlisten = services.endings.listen(() => this.#lookAgain());
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
  }

  /** Opens a stream: a call of `node.readEvents` that goes on. Never throws. */
  async open(call: FollowCall): Promise<Followed> {
    const admission = await this.#admit(call);
    if (!admission.ok) return admission;
    const { inv } = admission;
    try {
      const stream = await this.#begin(inv, {
        ...(call.input as EventsInput),
        ...(call.resumeAfter === undefined ? {} : { after: call.resumeAfter }),
      });
      return { ok: true, stream };
    } catch (error) {
      const { code, message, details } = inTable(error);
      return { ok: false, failure: failure(code, inv, message, details) };
    }
  }

  /** How many streams somebody has open. */
  openOf(actor: string): number {
    return [...this.#open].filter(({ inv }) => inv.principal.actor === actor).length;
  }

  close(): void {
    this.#closed = true;
    this.#unlisten();
    clearInterval(this.#timer);
    for (const stream of this.#open) stream.end(stopping());
  }

  async #begin(inv: Invocation, input: EventsInput): Promise<EventStream> {
    const reader = { ...inv.principal, subject: inv.subject, grants: inv.grants };
    const follow = await this.#services.events.follow(reader, input);
    try {
      this.#checkRoom(inv);
    } catch (error) {
      follow.close();
      throw error;
    }
    const stream = new Stream(inv, follow, this.#now_ms, (ended) => this.#open.delete(ended));
    this.#open.add(stream);
    // What ended between the admission and here was told before anybody listened.
    void this.#look(stream);
    return stream;
  }

  #checkRoom(inv: Invocation): void {
    if (this.#closed) throw stopping();
    const { root } = inv.principal;
    const ofOne = [...this.#open].filter((stream) => stream.root === root).length;
    if (this.#open.size >= STREAMS_MAX || ofOne >= STREAMS_OF_ONE_MAX)
      throw new QError(
        'LIMIT_EXCEEDED',
        `At most ${STREAMS_OF_ONE_MAX} streams of one identity, and ${STREAMS_MAX} of all.`,
        { limit: 'streams', max: STREAMS_OF_ONE_MAX },
      );
  }

  #tick(): void {
    this.#ticks += 1;
    if (this.#ticks % LOOK_AGAIN_TICKS === 0) this.#lookAgain();
    const now_ms = this.#now_ms();
    for (const stream of this.#open)
      if (stream.opened_ms + STREAM_LIFE_MS <= now_ms)
        stream.end(new QError('SESSION_EXPIRED', 'The stream is as old as it may become.'));
  }

  #lookAgain(): void {
    for (const stream of this.#open) void this.#look(stream);
  }

  /** A stream whose standing cannot be learned ends too: it could be one that was stopped. */
  async #look(stream: Stream): Promise<void> {
    try {
      await standing(stream.inv, this.#services, this.#now_ms());
    } catch (error) {
      stream.end(inTable(error));
    }
  }
}

/** What the store says is no more than that it cannot be asked now. */
const inTable = (error: unknown): QError =>
  error instanceof QError
    ? error
    : new QError('SERVICE_UNAVAILABLE', undefined, { retryAfter_ms: 1_000 });

const stopping = (): QError =>
  new QError('SERVICE_UNAVAILABLE', 'The node is stopping.', { retryAfter_ms: 2_000 });

class Stream implements EventStream {
  readonly inv: Invocation;
  readonly opened_ms: number;
  readonly #follow: Follow;
  readonly #now_ms: () => number;
  readonly #gone: (stream: Stream) => void;
  #ended: Failure | undefined;
  #isOver = false;

  constructor(
    inv: Invocation,
    follow: Follow,
    now_ms: () => number,
    gone: (stream: Stream) => void,
  ) {
    this.inv = inv;
    this.opened_ms = now_ms();
    this.#follow = follow;
    this.#now_ms = now_ms;
    this.#gone = gone;
  }

  get root(): string {
    return this.inv.principal.root;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get cursor(): string {
    return this.#follow.cursor;
  }

  async next(): ReturnType<EventStream['next']> {
    const found = this.#isOver ? undefined : await this.#follow.next();
    // Ended while these were under way: what ended it may be that they are not for this reader.
    if (this.#isOver || found === undefined) return { ended: this.#ended };
    return found;
  }

  end({ code, message, details }: QError): void {
    if (this.#isOver) return;
    const call = { requestId: this.inv.requestId, now_ms: this.#now_ms() };
    this.#ended = failure(code, call, message, { ...details, after: this.cursor });
    this.close();
  }

  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#follow.close();
    this.#gone(this);
  }
}
