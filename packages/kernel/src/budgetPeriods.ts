import type { Period } from '@anarq/authority';

/** One minute, hour, day or month of UTC. */
export interface PeriodOf {
  readonly period: Period;
  readonly start_ms: number;
  /** The first instant that is not in it. */
  readonly end_ms: number;
}

const LENGTH_MS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

/** The period in which an instant lies. Periods follow the calendar of UTC, so that all agree on them. */
export function periodAt(period: Period, now_ms: number): PeriodOf {
  if (period !== 'month') {
    const start_ms = Math.floor(now_ms / LENGTH_MS[period]) * LENGTH_MS[period];
    return { period, start_ms, end_ms: start_ms + LENGTH_MS[period] };
  }
  const at = new Date(now_ms);
  const [year, month] = [at.getUTCFullYear(), at.getUTCMonth()];
  return { period, start_ms: Date.UTC(year, month), end_ms: Date.UTC(year, month + 1) };
}
