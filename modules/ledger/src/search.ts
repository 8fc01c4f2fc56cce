import { setImmediate as breathe } from 'node:timers/promises';
import { TIMESTAMP_MAX, type Found, type Queries } from '@anarq/ledger-engine';
import { booksOf } from './books/books.ts';
import { referenceMark } from './books/keys.ts';
import { firstOf, lastOf } from './instants.ts';
import type { LedgerReader } from './names.ts';
import { nextOf, readTimeCursor } from './views.ts';

/** What is read in one go, between which others are served; and how often for one page. */
export const READ_MAX = 5_000;
const GOES_MAX = 100;

/** What a list can be narrowed by. */
interface Narrowed {
  readonly code?: number | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly newestFirst?: boolean | undefined;
}

/** The part of a filter of the engine that changes from go to go. */
interface Place {
  readonly limit: number;
  readonly timestampMin: bigint;
  readonly timestampMax: bigint;
  readonly isReversed: boolean;
}

/** What comes in a list at an instant. */
interface Dated {
  readonly entry: { readonly timestamp: bigint };
}

interface Searching<F, T extends Dated> {
  readonly limit: number;
  /** Reads on from a place. */
  search(queries: Queries, place: Place): { readonly found: F[] } & Pick<Found, 'readTo'>;
  /** What is shown of what was found; it may be less. */
  show(found: readonly F[]): Promise<T[]>;
}

interface Listing<F, T extends Dated> extends Searching<F, T> {
  readonly input: Narrowed & { readonly cursor?: string | undefined };
}

/** The filter of the engine for what narrows a list, without its bounds in time. */
export const narrowing = ({
  code,
  userData,
}: Pick<Narrowed, 'code'> & { readonly userData?: string | undefined }) => ({
  ...(code === undefined ? {} : { code }),
  ...(userData === undefined ? {} : { userData128: referenceMark(userData) }),
});

/** The sides of an account that are asked for. */
export const sidesOf = ({ side = 'both' }: { readonly side?: 'debits' | 'credits' | 'both' }) => ({
  debits: side !== 'credits',
  credits: side !== 'debits',
});

/** The page of a list that the contract asks for. */
export async function listing<F, T extends Dated>(
  ctx: LedgerReader,
  { input, ...searching }: Listing<F, T>,
): Promise<{ readonly items: T[]; readonly next?: string }> {
  const { from, to, newestFirst = false } = input;
  const range = {
    first: from === undefined ? 1n : firstOf(from),
    last: to === undefined ? TIMESTAMP_MAX : lastOf(to),
    isReversed: newestFirst,
  };
  const { items, after } = await pageIn(ctx, range, readTimeCursor(input.cursor), searching);
  return { items, ...nextOf(after !== undefined, after?.toString()) };
}

/** Instants in nanoseconds, both of them within. */
interface Range {
  readonly first: bigint;
  readonly last: bigint;
  readonly isReversed: boolean;
}

/**
 * A page of what a search finds, in the order of time. It reads in goes, and half a million of what there
 * is at most: then the page is short, and the next one goes on. It ends before what is not told yet.
 * @returns the instant after which the next page goes on, where there is more
 */
export async function pageIn<F, T extends Dated>(
  ctx: LedgerReader,
  range: Range,
  start: bigint | undefined,
  { limit, search, show }: Searching<F, T>,
): Promise<{ readonly items: T[]; readonly after: bigint | undefined }> {
  const books = booksOf(ctx);
  const { horizon } = books;
  const items: T[] = [];
  let after = start;
  for (let go = 0; go < GOES_MAX; go++) {
    const place = placeAfter(after, range, horizon, limit + 1);
    if (place.timestampMin > place.timestampMax) return { items, after: undefined };
    const { found, readTo } = await books.ask((queries) => search(queries, place));
    items.push(...(await show(found)));
    after = readTo;
    if (after === undefined || items.length > limit) break;
    await breathe();
  }
  const shown = items.slice(0, limit);
  return { items: shown, after: items.length > limit ? shown.at(-1)?.entry.timestamp : after };
}

const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const bigger = (a: bigint, b: bigint): bigint => (a > b ? a : b);

function placeAfter(
  after: bigint | undefined,
  { first, last, isReversed }: Range,
  horizon: bigint | undefined,
  limit: number,
): Place {
  const from = bigger(1n, first);
  const to = horizon === undefined ? last : smaller(last, horizon - 1n);
  return {
    limit,
    isReversed,
    timestampMin: after === undefined || isReversed ? from : bigger(from, after + 1n),
    timestampMax: after === undefined || !isReversed ? to : smaller(to, after - 1n),
  };
}
