import type { JetStreamManager, StreamInfo } from '@nats-io/jetstream';
import type { OrderedCommit } from '../types.ts';
import type { JetStreamOptions } from './options.ts';
import { openBatch } from './envelope.ts';

/** The window in which the broker itself knows a key again; beyond it the books do. */
const DUPLICATES_NS = 120_000_000_000;
const NS_PER_MS = 1_000_000;
const STREAM_NOT_FOUND = 10_059;
const NO_MESSAGE = 10_037;

/** What a stream says of itself: from which place in the books it goes on. */
interface Beginning {
  /** Sequences of the order are those of the stream, and this. */
  readonly base: bigint;
  /** Digest of the books' history up to there, in hex. */
  readonly digest: string;
}

/** The order cannot go on here: no retry helps, and whoever runs the node has to decide something. */
export class OrderUnusable extends Error {
  override readonly name = 'OrderUnusable';
}

/** How far the books, or this process, have come. */
export interface Place {
  /** Everything up to here was read. */
  readonly read: bigint;
  /** A commit at or before it, to know the stream again by; undefined where none left anything. */
  readonly known: Pick<OrderedCommit, 'sequence' | 'key'> | undefined;
  /** Digest of the books up to `known`, where they have read nothing behind it that left anything. */
  readonly digest: string | undefined;
}

export const streamName = (space: string): string => `q_order_${space}`;
export const subjectName = (space: string): string => `q.order.${space}`;

/**
 * Finds the stream, or makes it, and sees that it is the one that the books come from.
 * @returns its base, and the last sequence that it has
 * @throws OrderUnusable where it is another one, lost its end, or no longer has what comes next here
 */
export async function findStream(
  manager: JetStreamManager,
  options: JetStreamOptions,
  place: Place,
): Promise<{ readonly base: bigint; readonly last: bigint }> {
  const info = (await infoOf(manager, options)) ?? (await makeStream(manager, options, place));
  const beginning = beginningOf(info, options);
  await checkPlace(manager, options, { info, beginning, place });
  return { base: beginning.base, last: beginning.base + BigInt(info.state.last_seq) };
}

async function infoOf(
  manager: JetStreamManager,
  { space }: JetStreamOptions,
): Promise<StreamInfo | undefined> {
  try {
    return await manager.streams.info(streamName(space));
  } catch (error) {
    if (codeOf(error) === STREAM_NOT_FOUND) return undefined;
    throw error;
  }
}

async function makeStream(
  manager: JetStreamManager,
  { space, beginsAnew, stream }: JetStreamOptions,
  { read, digest }: Place,
): Promise<StreamInfo> {
  const name = streamName(space);
  if (digest === undefined || (read > 0n && beginsAnew !== true))
    throw new OrderUnusable(
      `the stream ${name} is gone, and these books have come to ${read}. Start the node whose books have come furthest so that it begins the order anew; the others go on where theirs are the same, or with a copy of its folder`,
    );
  const description = JSON.stringify({ ordering: 1, base: String(read), digest });
  return manager.streams.add({
    name,
    subjects: [subjectName(space)],
    description,
    storage: 'file',
    retention: 'limits',
    // Whoever writes waits for its own books, so what is dropped was applied by someone long before.
    discard: 'old',
    duplicate_window: DUPLICATES_NS,
    max_age: stream.age_ms_max * NS_PER_MS,
    max_bytes: stream.bytes_max,
    num_replicas: stream.replicas,
  });
}

function beginningOf({ config }: StreamInfo, { space }: JetStreamOptions): Beginning {
  const text = config.description ?? '';
  const found = /^\{"ordering":1,"base":"(\d{1,20})","digest":"([0-9a-f]{64})"\}$/.exec(text);
  const [, base, digest] = found ?? [];
  if (base === undefined || digest === undefined)
    throw new OrderUnusable(`the stream ${streamName(space)} is not one of an order of batches`);
  return { base: BigInt(base), digest };
}

async function checkPlace(
  manager: JetStreamManager,
  options: JetStreamOptions,
  found: { readonly info: StreamInfo; readonly beginning: Beginning; readonly place: Place },
): Promise<void> {
  const { beginning, place } = found;
  const { base } = beginning;
  const { first_seq, last_seq } = found.info.state;
  const name = streamName(options.space);
  if (place.read > base + BigInt(last_seq))
    throw new OrderUnusable(
      `the stream ${name} ends at ${base + BigInt(last_seq)}, and ${place.read} was read here: the broker lost what it had acknowledged. What was answered is in the books of this node; begin the order anew from the node whose books have come furthest`,
    );
  if (place.read < base || place.read + 1n < base + BigInt(first_seq))
    throw new OrderUnusable(
      `the stream ${name} begins with ${base + BigInt(first_seq)}, and these books have come to ${place.read}: what lies between is gone. Copy the folder of a node that follows it`,
    );
  const { known } = place;
  if (known === undefined || known.sequence <= base) {
    if (place.digest === undefined || place.digest === beginning.digest) return;
    throw new OrderUnusable(`the stream ${name} goes on from other books than these`);
  }
  if (known.sequence < base + BigInt(first_seq)) return;
  const key = await keyAt(manager, options, Number(known.sequence - base));
  if (key !== known.key)
    throw new OrderUnusable(
      `the stream ${name} has another batch at ${known.sequence} than was read here: it is another order`,
    );
}

async function keyAt(
  manager: JetStreamManager,
  { space, key32 }: JetStreamOptions,
  seq: number,
): Promise<string | undefined> {
  try {
    const message = await manager.streams.getMessage(streamName(space), { seq });
    return message === null ? undefined : openBatch(key32, subjectName(space), message.data)?.key;
  } catch (error) {
    if (codeOf(error) === NO_MESSAGE) return undefined;
    throw error;
  }
}

/** The broker's number of an error; undefined for any other error. */
const codeOf = (error: unknown): number | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'number'
    ? error.code
    : undefined;
