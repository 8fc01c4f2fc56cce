import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isInstant } from '../src/instant.ts';

/** The obvious twin: only what reads back as it was written is a day and an hour that exist. */
function readsBack(text: string): boolean {
  const milliseconds = Date.parse(text);
  if (Number.isNaN(milliseconds)) return false;
  return new Date(milliseconds).toISOString().slice(0, 19) === text.slice(0, 19);
}

it('an instant is one whose day and hour exist, as reading and writing it finds', () => {
  const digits = (count: number, max: number) =>
    fc.nat(max).map((value) => String(value).padStart(count, '0'));
  const text = fc
    .tuple(
      fc.oneof(digits(4, 9999), fc.constantFrom('2024', '2023', '1900', '2000')),
      digits(2, 13),
      digits(2, 33),
      digits(2, 25),
      digits(2, 61),
      digits(2, 61),
      fc.constantFrom('', '.5', '.123456789'),
    )
    .map(([year, month, day, h, m, s, rest]) => `${year}-${month}-${day}T${h}:${m}:${s}${rest}Z`);
  fc.assert(
    fc.property(text, (instant) => {
      expect(isInstant(instant)).toBe(readsBack(instant));
    }),
    { numRuns: 3_000 },
  );
});
