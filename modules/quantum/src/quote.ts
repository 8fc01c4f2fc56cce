import { fail } from '@anarq/common-schemas';
import { formatMinor } from '@anarq/decimal';
import type { ReadContext } from '@anarq/kernel';
import { RUN_S_MAX } from './limits.ts';
import { FREE, longestFor, minorOf, priceMinor } from './price.ts';
import { PRICE_LIST_ID, type PriceList, type RunRow } from './store.ts';
import type { Desk } from './work/desk.ts';
import type { Measured, Plan } from './work/orders.ts';

/** A hold outlives the deadline of the job that it is for, the wait in the queue included. */
export const HOLD_MORE_MS = 6 * RUN_S_MAX * 1_000;
/** A run gets so many times its estimate, and at least so long, where nobody says how long. */
const TIMES_ESTIMATE = 8;
const LEAST_MS = 10_000;
/** What a hold may be, in minor units: what the tables of the node keep. */
const HOLD_MAX = 2n ** 63n - 1n;

export async function priceListOf(ctx: Pick<ReadContext, 'select'>): Promise<PriceList> {
  const [row] = await ctx.select(
    'SELECT list FROM quantum_prices WHERE tenant = :tenant AND id = :id',
    { id: PRICE_LIST_ID },
  );
  // Only setPrices writes this column.
  return row === undefined ? FREE : (JSON.parse(String(row['list'])) as PriceList);
}

/** @throws LIMIT_EXCEEDED with what it takes and what there is */
export function checkAdmissible(desk: Desk, { memory_bytes, method }: Plan): void {
  if (desk.admits(memory_bytes)) return;
  fail(
    'LIMIT_EXCEEDED',
    `The run takes ${memory_bytes} bytes by the method ${method}; this node gives all runs ${desk.memory_bytes}.`,
    { limit: desk.memory_bytes, memory_bytes, method },
  );
}

/** What the caller offers for a run. */
export interface Offer {
  readonly timeLimit_s?: number | undefined;
  readonly maxPrice?: string | undefined;
  readonly unit?: string | undefined;
  /** Nothing is run: no offer is needed. */
  readonly isOnlyAsked?: boolean;
}

/**
 * How long a run may compute, and what is held for that: its price at that time, or all that is
 * offered where that pays for less time, as long as it pays for what the run is estimated to take.
 * @throws PRICE_ABOVE_LIMIT with the numbers; INPUT_INVALID for another unit; AMOUNT_INVALID
 */
export function quoteFor(
  list: PriceList,
  plan: Plan,
  offer: Offer,
  isFree: boolean,
): { readonly limit_ms: number; readonly holdMinor: bigint } {
  const { memory_bytes, duration_us } = plan;
  const { unit } = list;
  const suggested_ms = Math.max(LEAST_MS, Math.ceil((TIMES_ESTIMATE * duration_us) / 1_000));
  const limit_ms = Math.min(
    RUN_S_MAX * 1_000,
    offer.timeLimit_s === undefined ? suggested_ms : offer.timeLimit_s * 1_000,
  );
  if (isFree) return { limit_ms, holdMinor: 0n };
  const wholeMinor = priceMinor(list, { memory_bytes, duration_us: limit_ms * 1_000 });
  if (wholeMinor > HOLD_MAX)
    fail(
      'AMOUNT_INVALID',
      `The run could cost ${formatMinor(wholeMinor, unit)} ${unit}; ask for less time.`,
      {
        unit,
      },
    );
  if (offer.isOnlyAsked === true || wholeMinor === 0n) return { limit_ms, holdMinor: wholeMinor };

  const expectedMinor = priceMinor(list, plan);
  const price = formatMinor(expectedMinor, unit);
  const { maxPrice = '0' } = offer;
  if (offer.maxPrice !== undefined && offer.unit !== unit)
    fail(
      'INPUT_INVALID',
      `Runs are paid in ${unit} here, the offer is in ${offer.unit ?? 'no unit'}.`,
      {
        unit,
      },
    );
  const offeredMinor = minorOf(maxPrice, unit);
  if (offeredMinor < expectedMinor || offeredMinor < 0n)
    fail('PRICE_ABOVE_LIMIT', `The run is estimated at ${price} ${unit}, above ${maxPrice}.`, {
      price,
      maxPrice,
      unit,
      memory_bytes,
      duration_ms: duration_us / 1_000,
    });
  if (offeredMinor >= wholeMinor) return { limit_ms, holdMinor: wholeMinor };
  const affordable_ms = Math.floor(longestFor(list, memory_bytes, offeredMinor) / 1_000);
  return { limit_ms: Math.max(1, Math.min(limit_ms, affordable_ms)), holdMinor: offeredMinor };
}

/** What a run is charged: by what was measured, and never more than was held. */
export function chargeFor(
  row: Pick<RunRow, 'prices' | 'hold_minor' | 'memory_bytes'>,
  { duration_us }: Measured,
): bigint {
  const price = priceMinor(row.prices, { memory_bytes: row.memory_bytes, duration_us });
  return price < row.hold_minor ? price : row.hold_minor;
}
