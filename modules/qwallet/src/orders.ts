import { fail } from '@anarq/common-schemas';
import type { WriteContext } from '@anarq/kernel';
import { readPayment } from './amounts.ts';
import { readShares, type Share } from './shares.ts';
import { intents, toStored } from './store.ts';

const MINUTE_MS = 60_000;
/** A hold that nobody captures ends by itself. */
export const HOLD_MS = 15 * MINUTE_MS;
/** An intent that nobody reserves ends by itself. */
export const INTENT_MS = 24 * 60 * MINUTE_MS;
const EXPIRY_MS_MAX = 30 * 24 * 60 * MINUTE_MS;

export interface OrderInput {
  readonly amount: string;
  readonly unit: string;
  readonly recipients: readonly { readonly identity: string; readonly amount: string }[];
  readonly purpose?: string | undefined;
  readonly expiresAt?: string | undefined;
}

/** A payment that is well formed, before it is written down. */
export interface Order {
  readonly amountMinor: bigint;
  readonly unit: string;
  readonly shares: readonly Share[];
  readonly purpose: string | undefined;
  readonly expires_ms: number;
}

type OrderContext = Pick<WriteContext, 'call' | 'now_ms' | 'services' | 'rows'>;

/**
 * Reads an order to pay: amounts exact, recipients known to this node and of the payer's tenant.
 * @throws AMOUNT_INVALID, INPUT_INVALID, SQUID_IDENTITY_INVALID
 */
export async function readOrder(
  ctx: OrderContext,
  input: OrderInput,
  life_ms: number,
): Promise<Order> {
  const amountMinor = readPayment(input.amount, input.unit);
  const shares = readShares({
    payer: ctx.call.subject,
    totalMinor: amountMinor,
    unit: input.unit,
    recipients: input.recipients,
  });
  for (const { identity } of shares) await checkIdentity(ctx, identity);
  return {
    amountMinor,
    unit: input.unit,
    shares,
    purpose: input.purpose,
    expires_ms: readExpiry(input.expiresAt, ctx.now_ms, life_ms),
  };
}

/** @throws SQUID_IDENTITY_INVALID for an identity that is not one of this tenant */
export async function checkIdentity(
  ctx: Pick<OrderContext, 'services' | 'call'>,
  identity: string,
): Promise<void> {
  const found = await ctx.services.identities.require(identity);
  if (found.tenant !== ctx.call.tenant)
    fail('SQUID_IDENTITY_INVALID', `${identity} is not an identity of this tenant.`, { identity });
}

function readExpiry(expiresAt: string | undefined, now_ms: number, life_ms: number): number {
  if (expiresAt === undefined) return now_ms + life_ms;
  const expires_ms = Date.parse(expiresAt);
  if (!(expires_ms > now_ms && expires_ms <= now_ms + EXPIRY_MS_MAX))
    fail('INPUT_INVALID', 'A payment ends in the future, at most 30 days away.', { expiresAt });
  return expires_ms;
}

/** Writes a payment down: a new intent of the subject. */
export function insertIntent(
  ctx: OrderContext,
  id: string,
  order: Order,
  state: {
    readonly status: 'PENDING' | 'SIGNED';
    readonly hold: string | null;
    readonly day: number | null;
  },
): void {
  ctx.rows(intents).insert({
    id,
    unit: order.unit,
    amount_minor: order.amountMinor,
    recipients: toStored(order.shares),
    purpose: order.purpose ?? null,
    status: state.status,
    expires_ms: order.expires_ms,
    hold: state.hold,
    signed_day: state.day,
    refunds: 0,
    process: ctx.call.process ?? null,
  });
}
