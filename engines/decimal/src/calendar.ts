import { refuse } from './error.ts';

/** A day of the proleptic Gregorian calendar. */
export interface Day {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

const FORM = /^(\d{4})-(\d{2})-(\d{2})$/;
const LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

export const isLeap = (year: number): boolean =>
  year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);

const monthLength = (year: number, month: number): number =>
  (LENGTHS[month - 1] ?? 0) + (month === 2 && isLeap(year) ? 1 : 0);

/** Whether a day is the last one of February. */
export const isEndOfFebruary = ({ year, month, day }: Day): boolean =>
  month === 2 && day === monthLength(year, 2);

/**
 * Reads a day as ISO 8601 writes it: 2026-02-28.
 * @throws DecimalError for another form, or a day that is not in the calendar
 */
export function parseDay(text: string): Day {
  const parts = typeof text === 'string' ? FORM.exec(text) : null;
  const [year = 0, month = 0, day = 0] = parts === null ? [] : parts.slice(1).map(Number);
  if (parts === null || year === 0 || day === 0 || day > monthLength(year, month))
    refuse(`${JSON.stringify(String(text).slice(0, 16))} is no day such as "2026-02-28"`);
  return { year, month, day };
}

/** Days since 0001-01-01, which is 0. */
export function dayNumber({ year, month, day }: Day): number {
  const past = year - 1;
  const leaps = Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400);
  const months = LENGTHS.slice(0, month - 1).reduce((days, length) => days + length, 0);
  return past * 365 + leaps + months + (month > 2 && isLeap(year) ? 1 : 0) + day - 1;
}
