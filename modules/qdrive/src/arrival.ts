import { fail, QError } from '@anarq/common-schemas';

/** Parts that are in memory at a time, node-wide: about 3 MiB each. */
const PARTS_MAX = 64;
/** Of those, parts of one owner: whoever sends slowly must not keep everybody else from sending. */
const PARTS_OF_OWNER_MAX = 8;
/** A part has 1 MiB; a line that takes longer for it is too slow to hold a place. */
const PART_TIME_MAX_MS = 60_000;
const RETRY_AFTER_MS = 500;

let parts = 0;
const partsOf = new Map<string, number>();

/**
 * Takes a part in while there is a place for it.
 * @param owner DID of who owns the upload
 * @throws RATE_LIMIT_EXCEEDED where this owner has 8 on their way, SERVICE_UNAVAILABLE where all have 64
 */
export async function inPlace<T>(owner: string, take: () => Promise<T>): Promise<T> {
  const own = partsOf.get(owner) ?? 0;
  if (own >= PARTS_OF_OWNER_MAX)
    fail('RATE_LIMIT_EXCEEDED', `${PARTS_OF_OWNER_MAX} parts of yours are on their way.`, {
      retryAfter_ms: RETRY_AFTER_MS,
      limit: `${PARTS_OF_OWNER_MAX} parts at a time`,
    });
  if (parts >= PARTS_MAX)
    fail('SERVICE_UNAVAILABLE', 'Too many parts are on their way.', {
      retryAfter_ms: RETRY_AFTER_MS,
    });
  parts += 1;
  partsOf.set(owner, own + 1);
  try {
    return await take();
  } finally {
    parts -= 1;
    const left = (partsOf.get(owner) ?? 1) - 1;
    if (left === 0) partsOf.delete(owner);
    else partsOf.set(owner, left);
  }
}

/**
 * The pieces of a body as they arrive, while they arrive in time.
 * @throws REQUEST_TIMEOUT once `limit_ms` are over; what the body throws
 */
export async function* arriving(
  body: AsyncIterable<Uint8Array>,
  limit_ms = PART_TIME_MAX_MS,
): AsyncGenerator<Uint8Array> {
  const pieces = body[Symbol.asyncIterator]();
  const over = Promise.withResolvers<never>();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    over.reject(new QError('REQUEST_TIMEOUT', `A part arrives within ${limit_ms / 1_000} s.`));
  }, limit_ms);
  // Raced below; between two pieces nobody listens.
  over.promise.catch(() => undefined);
  try {
    for (;;) {
      const step = await Promise.race([pieces.next(), over.promise]);
      if (step.done === true) return;
      yield step.value;
    }
  } finally {
    clearTimeout(timer);
    const ended = pieces.return?.();
    // Whoever waits for a next piece ends only when that comes: nothing here may wait for it.
    if (isLate) ended?.catch(() => undefined);
    else await ended;
  }
}
