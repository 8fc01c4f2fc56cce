import { fail } from '@anarq/common-schemas';
import type { WriteContext } from '@anarq/kernel';
import { formatMinor } from '@anarq/decimal';
import type { RowOf } from '@anarq/kernel';
import type { accounts } from './store.ts';

const DAY_MS = 86_400_000;

/** The UTC day of an instant, in days since 1970. */
export const dayOf = (now_ms: number): number => Math.floor(now_ms / DAY_MS);

type LimitContext = Pick<WriteContext, 'select' | 'write' | 'now_ms' | 'call'>;
type AccountRow = RowOf<typeof accounts>;

/** Everything that the payer reserved today in a unit and did not give up or let expire. */
const TAKEN_TODAY = `(SELECT COALESCE(SUM(amount_minor), 0) FROM qwallet_intent
  WHERE tenant = :tenant AND owner = :owner AND unit = :unit AND signed_day = :day
    AND status NOT IN ('VOIDED', 'EXPIRED') AND NOT (status = 'SIGNED' AND expires_ms <= :now_ms))`;

const paramsOf = (ctx: LimitContext, account: AccountRow) => ({
  owner: account.owner,
  unit: account.unit,
  day: dayOf(ctx.now_ms),
  now_ms: ctx.now_ms,
});

/**
 * Holds a payment against the limits of its account.
 * @throws LIMIT_EXCEEDED with the limit, and what is left of it, in the details
 */
export async function checkLimits(
  ctx: LimitContext,
  account: AccountRow,
  amountMinor: bigint,
): Promise<void> {
  const { per_call_minor: perCall, per_day_minor: perDay, unit } = account;
  const text = (minor: bigint) => formatMinor(minor < 0n ? 0n : minor, unit);
  if (perCall !== null && amountMinor > perCall)
    fail('LIMIT_EXCEEDED', `One payment may take ${text(perCall)} ${unit}.`, {
      limit: 'perCall',
      perCall: text(perCall),
      asked: text(amountMinor),
      unit,
    });
  if (perDay === null) return;
  const [row] = await ctx.select(`SELECT ${TAKEN_TODAY} AS taken_minor`, paramsOf(ctx, account));
  const leftMinor = perDay - (row?.['taken_minor'] as bigint);
  if (amountMinor > leftMinor)
    fail('LIMIT_EXCEEDED', `Today ${text(leftMinor)} ${unit} of ${text(perDay)} are left.`, {
      limit: 'perDay',
      perDay: text(perDay),
      left: text(leftMinor),
      asked: text(amountMinor),
      unit,
    });
}

/**
 * The same as a condition of the commit, after the payment is written: of many at once, as many go
 * through as the day allows, and the others run again and are told.
 */
export function guardDay(ctx: LimitContext, account: AccountRow): void {
  if (account.per_day_minor === null) return;
  ctx.write({
    name: `limit of the day of ${account.id}`,
    sql: `SELECT id FROM qwallet_account WHERE tenant = :tenant AND id = :account
            AND (per_day_minor IS NULL OR ${TAKEN_TODAY} <= per_day_minor)`,
    params: { ...paramsOf(ctx, account), account: account.id },
    expect: { rows: 1 },
  });
}
