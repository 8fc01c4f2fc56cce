import { failure, QError, type Failure, type Result } from '@anarq/common-schemas';
import {
  FOLLOWED_OPERATION,
  type Call,
  type Credential,
  type EventStream,
  type FollowCall,
} from '@anarq/kernel';
import type { WebSocket } from 'ws';
import type { CallTarget, SurfaceLog } from '../callTarget.ts';
import { goOn, nodeStops, tooSlow } from '../events/ends.ts';
import { failureOf } from '../http/failures.ts';
import { ANONYMOUS_BYTES_MAX, type SocketLimits } from './limits.ts';
import { readOrder, SUBSCRIBE, UNSUBSCRIBE, type Notice, type Order } from './messages.ts';

/** What a connection came with. */
export interface SocketCaller {
  readonly credential: Credential;
  readonly subject?: string;
  readonly grant?: string;
  readonly peer: string;
  readonly requestId: string;
}

/** What one subscription is. */
interface Open {
  readonly stream: EventStream;
  /** The client asked for its end. */
  isLeft: boolean;
}

/** Codes of RFC 6455 section 7.4.1. */
const GOING_AWAY = 1001;
const UNSUPPORTED = 1003;
const POLICY = 1008;
const TRY_LATER = 1013;
/** How long a stopping node waits for the other side to close too. */
const CLOSE_MS = 1_000;

/** One connection: calls, answered by id in the order in which they are done, and subscriptions. */
export class Connection {
  readonly #socket: WebSocket;
  readonly #target: CallTarget;
  readonly #caller: SocketCaller;
  readonly #limits: SocketLimits;
  readonly #log: SurfaceLog | undefined;
  readonly #inFlight = new Set<string>();
  readonly #serving = new Set<Promise<void>>();
  readonly #open = new Map<string, Open>();
  readonly #heartbeat: NodeJS.Timeout;
  #second = 0;
  #messages = 0;
  #made = 0;
  #isAlive = true;
  #isStopping = false;

  constructor(
    socket: WebSocket,
    target: CallTarget,
    caller: SocketCaller,
    { limits, log }: { readonly limits: SocketLimits; readonly log: SurfaceLog | undefined },
  ) {
    this.#socket = socket;
    this.#target = target;
    this.#caller = caller;
    this.#limits = limits;
    this.#log = log;
    socket.on('message', (data, isBinary) => this.#take(data as Buffer, isBinary));
    socket.on('pong', () => (this.#isAlive = true));
    // A frame that is too long, or none: ws closes with its code, and there is no more to say.
    socket.on('error', () => undefined);
    socket.once('close', () => this.#gone());
    this.#heartbeat = setInterval(() => this.#beat(), limits.heartbeat_ms);
  }

  /**
   * Says that the node stops, to each subscription; takes no more, lets the calls that are under way
   * be answered within the time, and closes.
   */
  async stop(deadline_ms: number): Promise<void> {
    this.#isStopping = true;
    for (const [id, open] of this.#open) {
      this.#end(id, goOn(nodeStops(), open.stream.cursor));
      open.isLeft = true;
      open.stream.close();
    }
    let late: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>((resolve) => {
      late = setTimeout(resolve, deadline_ms);
    });
    await Promise.race([Promise.allSettled(this.#serving), deadline]);
    clearTimeout(late);
    this.#close(GOING_AWAY, 'the node is stopping', CLOSE_MS);
  }

  #take(data: Buffer, isBinary: boolean): void {
    if (isBinary) return this.#close(UNSUPPORTED, 'messages are JSON in text frames');
    if (this.#isFlood()) return this.#close(POLICY, 'too many messages in a second');
    let order: Order;
    try {
      order = readOrder(data);
      if (this.#isStopping)
        throw new QError('SERVICE_UNAVAILABLE', 'The node is stopping.', {
          id: order.id,
          retryAfter_ms: 2_000,
        });
      if (this.#inFlight.has(order.id))
        throw new QError('INPUT_INVALID', `A call ${order.id} is under way.`, { id: order.id });
      this.#checkRoom(order, data.length);
    } catch (error) {
      const id = error instanceof QError ? error.details?.['id'] : undefined;
      this.#answer(typeof id === 'string' ? id : null, this.#failed(error));
      return;
    }
    const serving = this.#serve(order).finally(() => this.#serving.delete(serving));
    this.#serving.add(serving);
  }

  async #serve(order: Order): Promise<void> {
    const { id, op } = order;
    this.#inFlight.add(id);
    const result = await this.#carryOut(order);
    this.#inFlight.delete(id);
    this.#answer(id, result);
    const opened = this.#open.get(id);
    // The events come after the answer that announces them; a refused order began none.
    const isBegun = op === SUBSCRIBE && result.status === 'ok';
    if (opened !== undefined && isBegun) await this.#pump(id, opened);
  }

  #checkRoom({ id, credential }: Order, bytes: number): void {
    const { inFlight_max, buffer_bytes_max } = this.#limits;
    if (this.#inFlight.size >= inFlight_max)
      throw new QError('RATE_LIMIT_EXCEEDED', `At most ${inFlight_max} calls at a time.`, {
        id,
        limit: 'calls under way',
        max: inFlight_max,
        retryAfter_ms: 100,
      });
    // Who does not read its answers gets no more of them.
    if (this.#socket.bufferedAmount > buffer_bytes_max)
      throw new QError('RATE_LIMIT_EXCEEDED', 'Read what was answered first.', {
        id,
        limit: 'bytes to be sent',
        max: buffer_bytes_max,
        retryAfter_ms: 1_000,
      });
    const { kind } = credential ?? this.#caller.credential;
    if (kind === 'anonymous' && bytes > ANONYMOUS_BYTES_MAX)
      throw new QError('INPUT_TOO_LARGE', 'A message of that size needs a credential.', {
        id,
        maxBytes: ANONYMOUS_BYTES_MAX,
      });
  }

  async #carryOut(order: Order): Promise<Result<unknown>> {
    try {
      if (order.op === SUBSCRIBE) return await this.#subscribe(order);
      if (order.op === UNSUBSCRIBE) return this.#unsubscribe(order);
      return await this.#target.invoke(this.#callOf(order, order.op));
    } catch (error) {
      return this.#failed(error);
    }
  }

  #callOf(order: Order, operation: string): Call {
    const { id: _id, op: _op, credential, ...facts } = order;
    const { credential: opened, subject, grant, peer, requestId } = this.#caller;
    return {
      // Who opened the connection; or, for one message, who signed that.
      ...(credential === undefined && subject !== undefined ? { subject } : {}),
      ...(credential === undefined && grant !== undefined ? { grant } : {}),
      ...facts,
      operation,
      surface: 'websocket',
      credential: credential ?? opened,
      requestId: `${requestId}.${(this.#made += 1)}`,
      peer,
    };
  }

  async #subscribe(order: Order): Promise<Result<unknown>> {
    const { subscriptions_max } = this.#limits;
    if (this.#open.has(order.id))
      throw new QError('STATE_CONFLICT', `${order.id} is subscribed.`, { state: 'subscribed' });
    if (this.#open.size >= subscriptions_max)
      throw new QError('LIMIT_EXCEEDED', `At most ${subscriptions_max} subscriptions.`, {
        limit: 'subscriptions',
        max: subscriptions_max,
      });
    const call: FollowCall = this.#callOf(order, FOLLOWED_OPERATION);
    const followed = await this.#target.follow(call);
    if (!followed.ok) return followed.failure;
    const { stream } = followed;
    // Two that were under way at once, or a client that has gone.
    const isTooMany = this.#open.size >= subscriptions_max;
    if (isTooMany || this.#socket.readyState !== this.#socket.OPEN) {
      stream.close();
      throw new QError('LIMIT_EXCEEDED', `At most ${subscriptions_max} subscriptions.`);
    }
    this.#open.set(order.id, { stream, isLeft: false });
    return ok('Subscribed.', { subscription: order.id, after: stream.cursor });
  }

  #unsubscribe({ input }: Order): Result<unknown> {
    const { subscription } = input as { readonly subscription?: unknown };
    const open = typeof subscription === 'string' ? this.#open.get(subscription) : undefined;
    if (open === undefined || typeof subscription !== 'string')
      throw new QError('QINDEX_NOT_FOUND', 'There is no such subscription on this connection.');
    open.isLeft = true;
    const after = open.stream.cursor;
    open.stream.close();
    this.#open.delete(subscription);
    return ok('Unsubscribed.', { subscription, after });
  }

  /** Sends what comes. The next events are asked for once the last ones were taken. */
  async #pump(id: string, open: Open): Promise<void> {
    const { stream } = open;
    let sent = stream.cursor;
    try {
      for (;;) {
        const step = await stream.next();
        if (open.isLeft) return;
        if (step.events === undefined) {
          if (step.ended !== undefined) this.#end(id, goOn(step.ended, sent));
          return;
        }
        for (const each of step.events) {
          if (stream.isOver) break;
          sent = each.cursor;
          if (await this.#sendInTime({ subscription: id, ...each })) continue;
          this.#end(id, goOn(tooSlow(this.#limits.stall_ms), sent));
          this.#close(TRY_LATER, 'events were not read');
          return;
        }
      }
    } catch (error) {
      this.#end(id, goOn(this.#failed(error), sent));
    } finally {
      stream.close();
      if (this.#open.get(id) === open) this.#open.delete(id);
    }
  }

  #end(id: string, ended: Failure): void {
    this.#send({ subscription: id, ended });
  }

  #answer(id: string | null, result: Result<unknown>): void {
    this.#send({ id, result });
  }

  #send(notice: Notice): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(JSON.stringify(notice));
  }

  /** Whether it was taken; false where the other side takes nothing for too long, or is gone. */
  #sendInTime(notice: Notice): Promise<boolean> {
    return new Promise((resolve) => {
      const late = setTimeout(() => resolve(false), this.#limits.stall_ms);
      this.#socket.send(JSON.stringify(notice), (error) => {
        clearTimeout(late);
        resolve(error === undefined || error === null);
      });
    });
  }

  #failed(error: unknown): Failure {
    const answer = failureOf(error, `${this.#caller.requestId}.${this.#made}`);
    if (answer.code === 'INTERNAL') this.#log?.failed?.(error, answer.requestId);
    return answer;
  }

  #isFlood(): boolean {
    const second = Math.floor(performance.now() / 1_000);
    if (second !== this.#second) this.#messages = 0;
    this.#second = second;
    this.#messages += 1;
    return this.#messages > this.#limits.messagesPerSecond_max;
  }

  #beat(): void {
    if (!this.#isAlive) return this.#socket.terminate();
    this.#isAlive = false;
    this.#socket.ping();
  }

  /** Closes; who does not answer that is cut. */
  #close(code: number, reason: string, patience_ms = this.#limits.stall_ms): void {
    this.#socket.close(code, reason);
    setTimeout(() => this.#socket.terminate(), patience_ms).unref();
  }

  #gone(): void {
    clearInterval(this.#heartbeat);
    for (const { stream } of this.#open.values()) stream.close();
    this.#open.clear();
  }
}

const ok = (message: string, data: unknown): Result<unknown> => ({
  status: 'ok',
  code: 'SUCCESS',
  message,
  data,
});

/** A connection that is refused before it is one. */
export const refusal = (error: unknown, requestId: string): Failure =>
  error instanceof QError
    ? failure(error.code, { requestId, now_ms: Date.now() }, error.message, error.details)
    : failureOf(error, requestId);
