import type { OutputOf } from '@anarq/common-schemas';
import { call, process } from '@anarq/kernel';
import type { ContextOf } from '@anarq/kernel';
import { qonsent } from '@anarq/qonsent/contract';
import { qwallet } from '@anarq/qwallet/contract';
import { qmarket } from '../contract.ts';
import { licenses, listings, sales } from '../store.ts';

/**
 * Order, hold, capture, licence, payout. The licence comes when the money is no longer the buyer's
 * to move, and from there on the market acts as itself: nothing that the buyer does stops or undoes
 * the purchase. Where the seller ends its delegation before the licence, the buyer is given back
 * all of it. So money and licence always agree.
 */
export const purchase = process(qmarket.purchase, async (input, ctx) => {
  const order = await ctx.step('order', qmarket.order, input, {
    undo: ({ licenseId }) => call(qmarket.cancelOrder, { licenseId }),
  });
  const { licenseId, fileId, price, unit, fee, shares } = order;
  const expiry = order.expiresAt === undefined ? {} : { expiresAt: order.expiresAt };

  const { intentId } = await ctx.step(
    'hold',
    qwallet.reserve,
    {
      amount: order.amount,
      unit,
      recipients: order.recipients,
      purpose: `licence ${licenseId} of listing ${input.listingId}`,
    },
    { undo: (held) => call(qwallet.void, { intentId: held.intentId }) },
  );
  await ctx.step(
    'capture',
    qwallet.capture,
    { intentId, keep: true },
    { undo: () => call(qwallet.giveBack, { intentId }) },
  );
  const { grant } = await ctx.step(
    'license',
    qonsent.grant,
    {
      proof: order.proof,
      audience: ctx.call.subject,
      command: '/qdrive/get',
      resource: `qdrive/file/${fileId}`,
      purpose: `licence ${licenseId}`,
      ...expiry,
    },
    { as: 'module', undo: (given) => call(qonsent.revoke, { grant: given.grant }) },
  );
  await ctx.step('payout', qwallet.payOut, { intentId }, { as: 'module' });

  const sale = { licenseId, listingId: input.listingId, price, unit, fee, shares };
  const seller = await deliver(ctx, {
    ...sale,
    fileId,
    intentId,
    grant,
    boughtFor: ctx.call.subject,
  });
  ctx.spent(order.amount);
  ctx.emit('q.qmarket.sold.v1', { ...sale, seller });
  return { ...sale, fileId, intentId, grant, boughtFor: ctx.call.subject, ...expiry };
});

/** Puts the licence in force and notes the sale for the seller; answers who that is. */
async function deliver(
  ctx: ContextOf<typeof qmarket.purchase>,
  bought: OutputOf<typeof qmarket.purchase>,
): Promise<string> {
  const rows = ctx.rows(licenses);
  const pending = await rows.require(bought.licenseId);
  rows.update(pending, { state: 'ACTIVE', intent_id: bought.intentId, grant_cid: bought.grant });
  const listing = await ctx.rows(listings).require(bought.listingId);
  ctx.rows(sales).insert({
    id: ctx.id('sale'),
    owner: listing.owner,
    listing_id: listing.id,
    license_id: pending.id,
    price_minor: pending.price_minor,
    fee_minor: pending.fee_minor,
    unit: pending.unit,
    shares: pending.shares,
  });
  return listing.owner;
}
