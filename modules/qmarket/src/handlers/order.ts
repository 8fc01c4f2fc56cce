import { fail } from '@anarq/common-schemas';
import { formatMinor } from '@anarq/decimal';
import { handler } from '@anarq/kernel';
import type { WriteContext } from '@anarq/kernel';
import { qdrive } from '@anarq/qdrive/contract';
import { qmarket } from '../contract.ts';
import { checkDelegation } from '../delegation.ts';
import { checkOffer } from '../offer.ts';
import { amountsOf } from '../price.ts';
import { recipientsOf, split } from '../split.ts';
import { licenses, listings, type ListingRow } from '../store.ts';
import { isExpired, licenseOf } from '../views.ts';

/**
 * A commit of its own before any money is held: what is decided here, a withdrawal or a second
 * purchase at the same moment included, stays decided for the rest of the purchase.
 */
export const order = handler(qmarket.order, async (input, ctx) => {
  const process = ctx.call.process;
  if (process === undefined)
    return fail('STATE_CONFLICT', 'An order is placed by qmarket.purchase, and not by itself.', {
      state: 'NO_PURCHASE',
    });
  const listing = await ctx.rows(listings).require(input.listingId);
  checkOffer(listing, input, ctx.call.subject);
  // Asked as the market, which the seller let: a file that was deleted since is not sold.
  await ctx.query(qdrive.file, { fileId: listing.file_id }, { as: 'module' });
  await checkDelegation(ctx, listing.grant_cid, { fileId: listing.file_id, owner: listing.owner });
  const seat = listing.terms.consumable === true ? null : listing.id;
  if (seat !== null) await freeSeat(ctx, listing);

  const parts = split(listing.price_minor, listing.shares);
  const shares = amountsOf(parts.shares, listing.unit);
  const recipients = recipientsOf(parts, {
    operator: ctx.services.node.operator,
    buyer: ctx.call.subject,
  });
  const amount_minor = recipients.reduce((sum, part) => sum + part.amount_minor, 0n);
  if (amount_minor === 0n)
    fail('STATE_CONFLICT', 'The whole price is yours; ask the seller for a grant.', {
      state: 'OWN',
      listingId: listing.id,
    });
  const licenseId = ctx.id('license');
  ctx.rows(licenses).insert({
    id: licenseId,
    state: 'PENDING',
    listing_id: listing.id,
    seat,
    process,
    file_id: listing.file_id,
    title: listing.title,
    price_minor: listing.price_minor,
    fee_minor: parts.fee_minor,
    unit: listing.unit,
    shares,
    terms: listing.terms,
    bought_by: ctx.call.actor,
    intent_id: null,
    grant_cid: null,
    expires_ms: endOf(listing, ctx.now_ms),
  });
  const pending = licenseOf(await ctx.rows(licenses).require(licenseId), ctx.now_ms);
  return {
    licenseId,
    fileId: listing.file_id,
    price: pending.price,
    unit: pending.unit,
    fee: pending.fee,
    shares,
    amount: formatMinor(amount_minor, listing.unit),
    recipients: amountsOf(recipients, listing.unit),
    proof: listing.grant_cid,
    ...(pending.expiresAt === undefined ? {} : { expiresAt: pending.expiresAt }),
  };
});

/** When a licence bought now ends: by its terms, and never after the delegation it passes on. */
function endOf({ terms, expires_ms }: ListingRow, now_ms: number): number | null {
  const ends = [
    ...(terms.expiresAfter_s === undefined ? [] : [now_ms + terms.expiresAfter_s * 1_000]),
    ...(expires_ms === null ? [] : [expires_ms]),
  ];
  return ends.length === 0 ? null : Math.min(...ends);
}

/**
 * One licence in force for a listing and a holder; the next may be bought when it has expired.
 * @throws STATE_CONFLICT that names the licence
 */
async function freeSeat(
  ctx: Pick<WriteContext, 'rows' | 'call' | 'now_ms'>,
  listing: ListingRow,
): Promise<void> {
  const rows = ctx.rows(licenses);
  const { items } = await rows.list({
    where: { owner: ctx.call.subject, seat: listing.id },
    of: 'tenant',
    limit: 1,
  });
  for (const license of items) {
    const { licenseId, state } = licenseOf(license, ctx.now_ms);
    if (!isExpired(license, ctx.now_ms) || state === 'PENDING')
      fail('STATE_CONFLICT', `You hold the licence ${licenseId} of this listing.`, {
        state,
        licenseId,
      });
    rows.update(license, { seat: null });
  }
}
