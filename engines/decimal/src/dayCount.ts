import { dayNumber, isEndOfFebruary, isLeap, parseDay, type Day } from './calendar.ts';
import { refuse } from './error.ts';
import { addRatios, ratio, type Ratio } from './ratio.ts';

/**
 * Day count conventions, by the names and definitions of the 2006 ISDA Definitions, section 4.16;
 * ACT/ACT ICMA by rule 251 of the ICMA. `30/360` is the US one, the bond basis.
 */
export type DayCount =
  | 'ACT/360'
  | 'ACT/365F'
  | 'ACT/ACT ISDA'
  | 'ACT/ACT ICMA'
  | '30/360'
  | '30E/360'
  | '30E/360 ISDA';

export interface DayCountOptions {
  /** 30E/360 ISDA only: the termination date. A last day of February that is it stays as it is. */
  readonly termination?: string;
  /**
   * ACT/ACT ICMA only: the days on which coupon periods begin and end, in order, regular or notional,
   * from no later than the first day to no earlier than the last.
   */
  readonly schedule?: readonly string[];
  /** ACT/ACT ICMA only: how many coupon periods make a year: 1, 2, 3, 4, 6 or 12. */
  readonly frequency?: number;
}

export interface Accrual {
  /** Days by the convention; of 30/360 they are not those of the calendar. */
  readonly days: number;
  /** The part of a year, exactly. */
  readonly years: Ratio;
}

const SCHEDULE_MAX = 1_201;

/**
 * How long interest accrues from one day to another; the first counts, the last does not.
 * @throws DecimalError where the second day is before the first, for days that are not in the
 * calendar, and where the convention lacks what it needs
 */
export function accrual(
  convention: DayCount,
  from: string,
  to: string,
  options: DayCountOptions = {},
): Accrual {
  const [start, end] = [parseDay(from), parseDay(to)];
  const days = dayNumber(end) - dayNumber(start);
  if (days < 0) refuse(`interest accrues from a day to a later one, not from ${from} to ${to}`);
  switch (convention) {
    case 'ACT/360':
      return { days, years: ratio(BigInt(days), 360n) };
    case 'ACT/365F':
      return { days, years: ratio(BigInt(days), 365n) };
    case 'ACT/ACT ISDA':
      return { days, years: actualIsda(start, end) };
    case 'ACT/ACT ICMA':
      return { days, years: actualIcma(start, end, options) };
    case '30/360':
      return thirty360(start, end, bondBasis(start, end));
    case '30E/360':
      return thirty360(start, end, [Math.min(start.day, 30), Math.min(end.day, 30)]);
    case '30E/360 ISDA':
      return thirty360(start, end, europeanIsda(start, end, options));
    default:
      return refuse('a day count convention is one of the table');
  }
}

/** Days in leap years over 366, and the others over 365. */
function actualIsda(start: Day, end: Day): Ratio {
  const newYear = (year: number): number => dayNumber({ year, month: 1, day: 1 });
  let [leap, other] = [0, 0];
  const add = (year: number, days: number): void => {
    if (isLeap(year)) leap += days;
    else other += days;
  };
  if (start.year === end.year) add(start.year, dayNumber(end) - dayNumber(start));
  else {
    add(start.year, newYear(start.year + 1) - dayNumber(start));
    for (let year = start.year + 1; year < end.year; year += 1) add(year, isLeap(year) ? 366 : 365);
    add(end.year, dayNumber(end) - newYear(end.year));
  }
  return addRatios(ratio(BigInt(leap), 366n), ratio(BigInt(other), 365n));
}

/** For each coupon period: its days that accrue over its days, times the periods in a year. */
function actualIcma(start: Day, end: Day, options: DayCountOptions): Ratio {
  const { schedule = [], frequency = 0 } = options;
  if (![1, 2, 3, 4, 6, 12].includes(frequency))
    refuse('ACT/ACT ICMA needs a frequency of 1, 2, 3, 4, 6 or 12 periods a year');
  if (schedule.length < 2 || schedule.length > SCHEDULE_MAX)
    refuse(`ACT/ACT ICMA needs a schedule of 2 to ${SCHEDULE_MAX} days`);
  const days = schedule.map((text) => dayNumber(parseDay(text)));
  const [first, last] = [dayNumber(start), dayNumber(end)];
  if ((days[0] ?? 0) > first || (days.at(-1) ?? 0) < last)
    refuse('the schedule reaches from the first day of the accrual to the last, or further');
  let years = ratio(0n, 1n);
  for (const [at, next] of days.entries()) {
    const previous = days[at - 1];
    if (previous === undefined) continue;
    if (next <= previous) refuse('the days of a schedule follow one another');
    const accrued = Math.min(next, last) - Math.max(previous, first);
    if (accrued > 0)
      years = addRatios(years, ratio(BigInt(accrued), BigInt(frequency * (next - previous))));
  }
  return years;
}

function thirty360(start: Day, end: Day, [from, to]: readonly [number, number]): Accrual {
  const months = 12 * (end.year - start.year) + end.month - start.month;
  const days = 30 * months + to - from;
  return { days, years: ratio(BigInt(days), 360n) };
}

/** A 31st is a 30th; on the last day only if the first is one too. */
const bondBasis = (start: Day, end: Day): [number, number] => {
  const from = Math.min(start.day, 30);
  return [from, from === 30 ? Math.min(end.day, 30) : end.day];
};

/** As 30E/360, and the last day of February is a 30th, unless it is the termination date. */
function europeanIsda(start: Day, end: Day, { termination }: DayCountOptions): [number, number] {
  if (termination === undefined) refuse('30E/360 ISDA needs the termination date');
  const terminates = dayNumber(parseDay(termination)) === dayNumber(end);
  return [
    isEndOfFebruary(start) ? 30 : Math.min(start.day, 30),
    isEndOfFebruary(end) && !terminates ? 30 : Math.min(end.day, 30),
  ];
}
