import { fail } from '@anarq/common-schemas';
import type { WriteContext } from '@anarq/kernel';
import { formatMinor } from '@anarq/decimal';
import type { RowOf } from '@anarq/kernel';
import type { accounts } from './store.ts';

const DAY_MS = 86_400_000;

/** The UTC day of an instant, in days since 1970. */
export const dayOf = (now_ms: number): number => Math.floor(now_ms / DAY_MS);

type LimitContext = Pick<WriteContext, 'atMost' | 'now_ms'>;
type AccountRow = RowOf<typeof accounts>;

/** Everything that the payer reserved today in a unit and did not give up or let expire. */
const TAKEN_TODAY = `SELECT COALESCE(SUM(amount_minor), 0) FROM qwallet_intent
  WHERE tenant = :tenant AND owner = :owner AND unit = :unit AND signed_day = :day
    AND status NOT IN ('VOIDED', 'EXPIRED') AND NOT (status = 'SIGNED' AND expires_ms <= :now_ms)`;

/**
 * Holds a payment against the limits of its account: now, and when it is written down, so that of
 * many at once as many go through as the day allows.
 * @throws LIMIT_EXCEEDED with the limit, and what is left of it, in the details
 */
export async function keepLimits(
  ctx: LimitContext,
  account: AccountRow,
  amountMinor: bigint,
): Promise<void> {
  const { per_call_minor: perCall, per_day_minor: perDay, unit, owner } = account;
  const text = (minor: bigint) => formatMinor(minor < 0n ? 0n : minor, unit);
  if (perCall !== null && amountMinor > perCall)
    fail('LIMIT_EXCEEDED', `One payment may take ${text(perCall)} ${unit}.`, {
      limit: 'perCall',
      perCall: text(perCall),
      asked: text(amountMinor),
      unit,
    });
  if (perDay === null) return;
  await ctx.atMost({
    of: 'perDay',
    max: perDay,
    per: account.id,
    adding: amountMinor,
    count: TAKEN_TODAY,
    params: { owner, unit, day: dayOf(ctx.now_ms), now_ms: ctx.now_ms },
    message: (left) => `Today ${text(left)} ${unit} of ${text(perDay)} are left.`,
    details: (left) => ({
      limit: 'perDay',
      perDay: text(perDay),
      left: text(left),
      asked: text(amountMinor),
      unit,
    }),
  });
}
