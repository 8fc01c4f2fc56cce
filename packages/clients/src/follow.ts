import { setTimeout as delay } from 'node:timers/promises';
import type { AnyContract, AnyOperation, Failure, JsonValue } from '@anarq/common-schemas';
import { CallError } from './callError.ts';
import { http, headersOf } from './http.ts';
import { requestOf } from './httpRequest.ts';
import { reach } from './reach.ts';
import { waitAfter, type Attempt } from './retry.ts';
import { readBlocks } from './serverSentEvents.ts';
import { ConnectionLost, isResult, type Credentials, type ProofContext } from './transport.ts';

/** A CloudEvent 1.0 in structured JSON, as a node streams it. */
export interface NodeEvent {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject?: string;
  readonly time: string;
  readonly dataschema: string;
  readonly data: JsonValue;
  readonly record?: string;
  readonly seq: number;
}

/** What `followEvents` takes. */
export interface FollowEventsOrder {
  /** Where the node answers. */
  readonly url: string;
  readonly credentials: Credentials;
  /** `node.readEvents` of the contract of the node. */
  readonly operation: AnyOperation;
  /** Contracts that the credentials need: squid, to open sessions. */
  readonly contracts?: readonly AnyContract[];
  /** Topics, or patterns that end in `.*`; default: all. */
  readonly topics?: readonly string[];
  /** Cursor of the last event that was dealt with; default: from now on. */
  readonly after?: string;
  /** Every event of the tenant, for who may. */
  readonly all?: boolean;
  readonly subject?: string;
  readonly grant?: string;
  readonly signal?: AbortSignal;
}

/** An event, and the cursor to go on with once it is dealt with. */
export interface StreamedEvent {
  readonly event: NodeEvent;
  readonly cursor: string;
}

/**
 * Events of a node as they come. A stream that breaks, or that the node ends for a reason that will
 * pass, is opened again behind the last event, so that none is missed and none comes twice.
 * @throws CallError that says why the node ended it: the grant was revoked, the identity suspended …
 */
export async function* followEvents(order: FollowEventsOrder): AsyncGenerator<StreamedEvent> {
  let after = order.after;
  let tries = 0;
  let isRenewed = false;
  const isAborted = () => order.signal?.aborted === true;
  while (!isAborted()) {
    let outcome: Attempt;
    try {
      const blocks = readBlocks(await open(order, after));
      for await (const { id, event, data } of blocks) {
        if (id !== undefined) after = id;
        tries = 0;
        isRenewed = false;
        if (event === 'event') yield { event: JSON.parse(data) as NodeEvent, cursor: after ?? '' };
        if (event === 'end') throw new CallError(JSON.parse(data) as Failure);
      }
      outcome = { kind: 'lost', reason: 'the stream broke off' };
    } catch (error) {
      if (isAborted()) return;
      if (error instanceof CallError) outcome = { kind: 'answered', result: error.failure };
      else if (isLost(error)) outcome = { kind: 'lost', reason: String(error) };
      else throw error;
    }
    const isEnded = outcome.kind === 'answered' && outcome.result.code === 'SESSION_EXPIRED';
    if (isEnded && !isRenewed) {
      // A stream under a full signature has none to renew, and is only opened again.
      order.credentials.renew();
      isRenewed = true;
      continue;
    }
    const wait_ms = waitAfter(outcome, (tries += 1));
    if (wait_ms === undefined && outcome.kind === 'answered' && outcome.result.status === 'error')
      throw new CallError(outcome.result);
    const { signal } = order;
    await delay(wait_ms ?? 0, undefined, signal === undefined ? {} : { signal }).catch(() => {});
  }
}

/** Undici names what breaks a body a TypeError. */
const isLost = (error: unknown): boolean =>
  error instanceof ConnectionLost || error instanceof TypeError;

async function open(
  order: FollowEventsOrder,
  after: string | undefined,
): Promise<AsyncIterable<Uint8Array>> {
  const { operation: op, credentials, url, subject, grant, signal } = order;
  const input = {
    ...(order.topics === undefined ? {} : { topics: order.topics }),
    ...(after === undefined ? {} : { after }),
    ...(order.all === undefined ? {} : { all: order.all }),
  };
  const operations = (order.contracts ?? []).flatMap((each) => Object.values(each.operations));
  const transport = http({ url });
  const context: ProofContext = {
    operation: (id) => operations.find((each) => each.id === id),
    send: (call) => transport.send(call),
  };
  const call = { op, input, subject, grant, idempotencyKey: undefined };
  const proof = await credentials.prove(call, context);
  const { path } = requestOf(op, input);
  const query = path.includes('?') ? path.slice(path.indexOf('?')) : '';
  const response = await reach(`${url.replace(/\/+$/, '')}/events${query}`, {
    headers: { ...headersOf({ ...call, proof, signal }), accept: 'text/event-stream' },
    ...(signal === undefined ? {} : { signal }),
  });
  if (response.ok && response.body !== null) return response.body;
  const answer: unknown = await response.json().catch(() => undefined);
  if (isResult(answer) && answer.status === 'error') throw new CallError(answer);
  throw new ConnectionLost(`something else than the node answered (HTTP ${response.status})`);
}
