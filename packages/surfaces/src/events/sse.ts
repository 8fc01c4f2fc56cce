import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { EventStream } from '@anarq/kernel';
import { goOn, nodeStops, tooSlow } from './ends.ts';

/** A comment that keeps proxies, and the limit on still connections, from cutting a quiet stream. */
const HEARTBEAT_MS = 15_000;
/** What a reader waits before it asks again, when the connection broke. */
const RETRY_MS = 2_000;
/** How long a reader may take nothing before it is cut. */
const STALL_MS = 30_000;

/** How a stream is written; tests set the times low. */
export interface StreamTimes {
  readonly heartbeat_ms?: number;
  readonly stall_ms?: number;
}

/**
 * Writes a stream as server-sent events (HTML Living Standard, section 9.2) until it ends, or its
 * reader goes or takes nothing any more. The next events are asked for once the last ones were taken:
 * a slow reader costs the node no memory. The last event says why it ended and how to go on.
 * @param stopping aborts when the node stops
 */
export async function writeStream(
  response: ServerResponse,
  stream: EventStream,
  stopping: AbortSignal,
  times: StreamTimes = {},
): Promise<void> {
  const stall_ms = times.stall_ms ?? STALL_MS;
  /** Everything up to here was written. */
  let written = stream.cursor;
  const close = () => stream.close();
  response.once('close', close);
  stopping.addEventListener('abort', close);
  response.write(`retry: ${RETRY_MS}\nid: ${written}\n\n`);
  const heartbeat = setInterval(() => {
    // A block without data moves the reader's place and is no event (section 9.2.6).
    if (!response.writableNeedDrain) response.write(`: still here\nid: ${written}\n\n`);
  }, times.heartbeat_ms ?? HEARTBEAT_MS);
  try {
    for (;;) {
      const step = await stream.next();
      if (step.events === undefined) {
        const ended = step.ended ?? (stopping.aborted ? nodeStops() : undefined);
        response.end(ended === undefined ? '' : block('end', goOn(ended, written)));
        return;
      }
      for (const { event, cursor } of step.events) {
        if (stream.isOver) break;
        written = cursor;
        if (response.write(block('event', event, cursor))) continue;
        if (await drained(response, stall_ms)) continue;
        if (!response.destroyed) response.end(block('end', goOn(tooSlow(stall_ms), written)));
        return;
      }
      if (!stream.isOver) written = stream.cursor;
    }
  } finally {
    clearInterval(heartbeat);
    stopping.removeEventListener('abort', close);
    stream.close();
    cutSoon(response, stall_ms);
  }
}

/** JSON holds no line break outside a string, and none inside one: one line of data is all of it. */
const block = (name: string, data: unknown, id?: string): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

async function drained(response: ServerResponse, stall_ms: number): Promise<boolean> {
  const gone = new AbortController();
  const isGone = () => gone.abort();
  response.once('close', isGone);
  try {
    const signal = AbortSignal.any([AbortSignal.timeout(stall_ms), gone.signal]);
    await once(response, 'drain', { signal });
    return true;
  } catch {
    return false;
  } finally {
    response.off('close', isGone);
  }
}

/** Who does not even take the last event is cut. */
function cutSoon(response: ServerResponse, stall_ms: number): void {
  if (response.closed || response.destroyed) return;
  const cut = setTimeout(() => response.destroy(), stall_ms).unref();
  response.once('close', () => clearTimeout(cut));
}
