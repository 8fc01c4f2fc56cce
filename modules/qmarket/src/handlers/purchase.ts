import { call, process } from '@anarq/kernel';
import { qonsent } from '@anarq/qonsent/contract';
import { qwallet } from '@anarq/qwallet/contract';
import { qmarket } from '../contract.ts';
import { licenses, listings, sales } from '../store.ts';

/**
 * Order, hold, licence, capture. Whatever fails up to the capture undoes all of it; after the
 * capture nothing is asked that could be refused, so money and licence always agree.
 */
export const purchase = process(qmarket.purchase, async (input, ctx) => {
  const { subject } = ctx.call;
  const order = await ctx.step('order', qmarket.order, input, {
    undo: ({ licenseId }) => call(qmarket.cancelOrder, { licenseId }),
  });
  const { licenseId, fileId, price, unit, fee, shares } = order;
  const expiry = order.expiresAt === undefined ? {} : { expiresAt: order.expiresAt };

  const held = await ctx.step(
    'hold',
    qwallet.reserve,
    {
      amount: order.amount,
      unit,
      recipients: order.recipients,
      purpose: `licence ${licenseId} of listing ${input.listingId}`,
    },
    { undo: ({ intentId }) => call(qwallet.void, { intentId }) },
  );

  const licence = await ctx.step(
    'license',
    qonsent.grant,
    {
      proof: order.proof,
      audience: subject,
      command: '/qdrive/get',
      resource: `qdrive/file/${fileId}`,
      purpose: `licence ${licenseId}`,
      ...expiry,
    },
    { as: 'module', undo: ({ grant }) => call(qonsent.revoke, { grant }) },
  );

  await ctx.step('capture', qwallet.capture, { intentId: held.intentId });

  const rows = ctx.rows(licenses);
  const pending = await rows.require(licenseId);
  rows.update(pending, {
    state: 'ACTIVE',
    intent_id: held.intentId,
    grant_cid: licence.grant,
  });
  const { owner: seller } = await ctx.rows(listings).require(input.listingId);
  ctx.rows(sales).insert({
    id: ctx.id('sale'),
    owner: seller,
    listing_id: input.listingId,
    license_id: licenseId,
    price_minor: pending.price_minor,
    fee_minor: pending.fee_minor,
    unit,
    shares,
  });
  ctx.spent(order.amount);
  ctx.emit('q.qmarket.sold.v1', {
    listingId: input.listingId,
    licenseId,
    price,
    unit,
    fee,
    shares,
  });
  return {
    licenseId,
    listingId: input.listingId,
    fileId,
    price,
    unit,
    fee,
    shares,
    intentId: held.intentId,
    grant: licence.grant,
    boughtFor: subject,
    ...expiry,
  };
});
