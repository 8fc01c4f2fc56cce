import { CALLS_UNIT } from '@anarq/authority';
import { fail } from '@anarq/common-schemas';
import { DecimalError, formatMinor, parseMinor } from '@anarq/decimal';
import type { Statement } from '@anarq/store';
import type { Reservation } from './capability.ts';

/** What a handler said it spent; undefined: all that it was allowed. */
export type Used = { readonly amount: string; readonly unit: string } | undefined;

/** What a commit does to one counter, in minor units. */
export interface Move {
  readonly of: Reservation;
  readonly spent: bigint;
  readonly reserved: bigint;
}

/** Spends at once: for a command, whose one commit is both reservation and settlement. */
export const spending = (reservations: readonly Reservation[], used: Used): Move[] =>
  reservations.map((of) => ({ of, spent: usedMinor(of, used), reserved: 0n }));

/** Holds the ceiling while a process runs. A call is made when it is admitted, whatever comes of it. */
export const reserving = (reservations: readonly Reservation[]): Move[] =>
  reservations.map((of) =>
    isCalls(of)
      ? { of, spent: of.amount_minor, reserved: 0n }
      : { of, spent: 0n, reserved: of.amount_minor },
  );

/**
 * Ends a reservation with what was really used; the rest is free again. That happens in the period
 * in which it was taken, also when that is over.
 */
export const settling = (reservations: readonly Reservation[], used: Used): Move[] =>
  reservations.map((of) => ({ of, spent: usedMinor(of, used), reserved: -of.amount_minor }));

/** The statements of a commit that move counters, each under its limit. */
export const moveCounters = (moves: readonly Move[]): Statement[] =>
  moves.flatMap(({ of, spent, reserved }) => change(of, spent, reserved));

/** What a process settles in the end: its call was counted when it was admitted. */
export const toSettle = (reservations: readonly Reservation[]): Reservation[] =>
  reservations.filter((reservation) => !isCalls(reservation));

/** What a call took of a reservation, in minor units. */
export function usedMinor(reservation: Reservation, used: Used): bigint {
  if (used === undefined || isCalls(reservation)) return reservation.amount_minor;
  const spent = minorOf(used.amount, used.unit);
  if (spent > reservation.amount_minor || spent < 0n)
    fail('INTERNAL', 'A handler spent more than its call was allowed.');
  return spent;
}

export const isCalls = ({ unit }: Pick<Reservation, 'unit'>): boolean => unit === CALLS_UNIT;

/** @throws AMOUNT_INVALID */
export function minorOf(amount: string, unit: string): bigint {
  // Calls are counted one by one; no amount has this unit.
  if (unit === CALLS_UNIT) return BigInt(amount);
  try {
    return parseMinor(amount, unit);
  } catch (error) {
    if (!(error instanceof DecimalError)) throw error;
    return fail('AMOUNT_INVALID', `${error.message}`, { amount, unit });
  }
}

export const textOfMinor = (minor: bigint, unit: string): string =>
  unit === CALLS_UNIT ? minor.toString() : formatMinor(minor, unit);

/** Moves the counters of a link: its own, and that of each period that it limits. */
const change = (r: Reservation, spent: bigint, reserved: bigint): Statement[] =>
  r.allotment === undefined ? changeHere(r, spent, reserved) : [changeAllotted(r, spent, reserved)];

/**
 * What another node set aside has one counter here, whichever links it is of. Of one that a restored
 * copy lost count of nothing is drawn, but what a process held of it may still be settled.
 */
const changeAllotted = (r: Reservation, spent: bigint, reserved: bigint): Statement => ({
  name: `allotment ${r.allotment?.id}`,
  sql: `UPDATE kernel_allotment_taken SET ${moved('kernel_allotment_taken')}
        WHERE issuer = :from AND id = :id AND state IN ('OPEN'${reserved < 0n ? `, 'LOST'` : ''})
          AND ${taken('kernel_allotment_taken')} <= amount_minor`,
  params: { from: r.allotment?.from ?? '', id: r.allotment?.id ?? '', spent, reserved },
  expect: { changes: 1 },
});

const changeHere = (r: Reservation, spent: bigint, reserved: bigint): Statement[] => [
  {
    name: `budget ${r.grant}`,
    sql: `UPDATE kernel_budget SET ${moved('kernel_budget')}
          WHERE grant_cid = :grant AND (total_minor IS NULL OR ${taken('kernel_budget')} <= total_minor)`,
    params: { grant: r.grant, spent, reserved },
    expect: { changes: 1 },
  },
  ...(r.periods ?? []).flatMap((drawn): Statement[] => [
    {
      name: `budget ${r.grant} ${drawn.period}`,
      sql: reserved < 0n ? SETTLE_PERIOD : DRAW_PERIOD,
      params: {
        grant: r.grant,
        period: drawn.period,
        start_ms: drawn.start_ms,
        spent,
        reserved,
        limit: drawn.limit_minor,
      },
      expect: { changes: 1 },
    },
    {
      name: `budget ${r.grant} earlier ${drawn.period}`,
      sql: `DELETE FROM kernel_budget_period
            WHERE grant_cid = :grant AND period = :period AND start_ms < :start_ms AND reserved_minor = 0`,
      params: { grant: r.grant, period: drawn.period, start_ms: drawn.start_ms },
    },
  ]),
];

const moved = (table: string): string =>
  `spent_minor = ${table}.spent_minor + :spent, reserved_minor = ${table}.reserved_minor + :reserved`;
const taken = (table: string): string =>
  `${table}.spent_minor + ${table}.reserved_minor + :spent + :reserved`;

/** The first of a period makes its row: it was compared with the limit alone. */
const DRAW_PERIOD = `
  INSERT INTO kernel_budget_period (grant_cid, period, start_ms, spent_minor, reserved_minor)
  VALUES (:grant, :period, :start_ms, :spent, :reserved)
  ON CONFLICT (grant_cid, period, start_ms) DO UPDATE SET ${moved('kernel_budget_period')}
    WHERE ${taken('kernel_budget_period')} <= :limit`;

/** What was held has a row, which stays as long as anything is held in it. */
const SETTLE_PERIOD = `
  UPDATE kernel_budget_period SET ${moved('kernel_budget_period')}
  WHERE grant_cid = :grant AND period = :period AND start_ms = :start_ms
    AND ${taken('kernel_budget_period')} <= :limit`;
