import { fail } from '@anarq/common-schemas';

const UNITS_MS: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * Reads a time as a person writes it: '18:00' (today, or tomorrow when that has passed), '2h', '7d',
 * '2026-12-31' (its end), or an RFC 3339 instant.
 * @throws INPUT_INVALID when it is none of these, or has passed
 */
export function instantOf(text: string, now: Date): Date {
  const found = clockTime(text, now) ?? duration(text, now) ?? absolute(text);
  if (found === undefined || Number.isNaN(found.getTime()))
    return fail(
      'INPUT_INVALID',
      `${text} is not a time: write 18:00, 2h, 7d or 2026-12-31T18:00:00Z.`,
    );
  if (found <= now) return fail('INPUT_INVALID', `${text} has passed.`);
  return found;
}

function clockTime(text: string, now: Date): Date | undefined {
  const [, hours, minutes] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  if (hours === undefined || minutes === undefined) return undefined;
  const at = new Date(now);
  at.setHours(Number(hours), Number(minutes), 0, 0);
  if (at <= now) at.setDate(at.getDate() + 1);
  return at;
}

function duration(text: string, now: Date): Date | undefined {
  const [, count, unit] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  const unit_ms = unit === undefined ? undefined : UNITS_MS[unit];
  return unit_ms === undefined ? undefined : new Date(now.getTime() + Number(count) * unit_ms);
}

function absolute(text: string): Date | undefined {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return new Date(`${text}T23:59:59`);
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?$/.test(text)
    ? new Date(text)
    : undefined;
}
