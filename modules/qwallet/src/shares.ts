import { fail } from '@anarq/common-schemas';
import { allocate, formatMinor } from '@anarq/decimal';
import { readPayment } from './amounts.ts';

/** A recipient's part of a payment, in minor units, and what of it was paid back. */
export interface Share {
  readonly identity: string;
  readonly amountMinor: bigint;
  readonly refundedMinor: bigint;
}

/**
 * The shares of an order: each identity once, not the payer, and together the whole exactly.
 * @throws AMOUNT_INVALID, or INPUT_INVALID for the identities
 */
export function readShares(order: {
  readonly payer: string;
  readonly totalMinor: bigint;
  readonly unit: string;
  readonly recipients: readonly { readonly identity: string; readonly amount: string }[];
}): Share[] {
  const { payer, totalMinor, unit, recipients } = order;
  const identities = new Set(recipients.map(({ identity }) => identity));
  if (identities.size !== recipients.length)
    fail('INPUT_INVALID', 'Each recipient stands once; add up what one of them gets.');
  if (identities.has(payer))
    fail('INPUT_INVALID', 'The payer is not among the recipients; pay that much less.', {
      identity: payer,
    });
  const shares = recipients.map(({ identity, amount }) => ({
    identity,
    amountMinor: readPayment(amount, unit),
    refundedMinor: 0n,
  }));
  const sum = shares.reduce((total, { amountMinor }) => total + amountMinor, 0n);
  if (sum !== totalMinor)
    fail('AMOUNT_INVALID', 'The amounts of the recipients are not the whole.', {
      amount: formatMinor(totalMinor, unit),
      recipients: formatMinor(sum, unit),
    });
  return shares;
}

/**
 * What each recipient pays back: in proportion to what it still has of the payment, by the method of
 * the largest remainder, so that the parts are the refund exactly and nobody pays more than it got.
 * @param refundMinor above zero, at most what is left
 */
export function refundParts(shares: readonly Share[], refundMinor: bigint): bigint[] {
  return allocate(
    refundMinor,
    shares.map(({ amountMinor, refundedMinor }) => amountMinor - refundedMinor),
  );
}

/** What recipients still have of the payment. */
export const leftOf = (shares: readonly Share[]): bigint =>
  shares.reduce((total, { amountMinor, refundedMinor }) => total + amountMinor - refundedMinor, 0n);
