import { fail } from '@anarq/common-schemas';
import { call, process } from '@anarq/kernel';
import { qdrive } from '@anarq/qdrive/contract';
import { qindex } from '@anarq/qindex/contract';
import { qonsent } from '@anarq/qonsent/contract';
import { qmarket } from '../contract.ts';
import { checkDelegation } from '../delegation.ts';
import { LISTING_TYPE, marketOf } from '../market.ts';
import { priceOf } from '../price.ts';
import { listings } from '../store.ts';
import { listingOf } from '../views.ts';

export const list = process(qmarket.list, async (input, ctx) => {
  const price_minor = priceOf(input.price, input.unit);
  const paid = new Set(input.shares.map(({ identity }) => identity));
  if (paid.size < input.shares.length)
    fail('INPUT_INVALID', 'Each identity has one share; add the weights up.');
  const file = await ctx.query(qdrive.file, { fileId: input.fileId });
  if (file.owner !== ctx.call.subject)
    fail('QONSENT_DENIED', 'A file is offered by its owner.', {
      why: { rule: `${file.owner} owns ${input.fileId}`, changeableBy: file.owner },
    });

  const listingId = ctx.id('listing');
  const given = await ctx.step(
    'delegate',
    qonsent.grant,
    {
      audience: marketOf(ctx),
      command: '/qdrive/get',
      resource: `qdrive/file/${input.fileId}`,
      purpose: 'market',
      ...(input.delegation === undefined ? {} : { token: input.delegation }),
    },
    { undo: ({ grant }) => call(qonsent.revoke, { grant }) },
  );
  const entry = await ctx.step(
    'index',
    qindex.put,
    {
      type: LISTING_TYPE,
      key: listingId,
      cid: file.cid,
      tags: input.tags,
      text: `${input.title}\n${input.description}`,
      visibility: 'tenant',
    },
    { as: 'module', undo: ({ recordId }) => call(qindex.remove, { recordId }) },
  );
  // Last, so that a refusal finds both steps to undo.
  await checkDelegation(ctx, given.grant, file);

  const rows = ctx.rows(listings);
  rows.insert({
    id: listingId,
    state: 'OPEN',
    file_id: file.fileId,
    cid: file.cid,
    bytes: file.bytes,
    media_type: file.mediaType,
    title: input.title,
    description: input.description,
    price_minor,
    unit: input.unit,
    shares: input.shares,
    tags: input.tags,
    terms: input.terms,
    grant_cid: given.grant,
    expires_ms: given.exp === 0 ? null : given.exp * 1_000,
    record_id: entry.recordId,
  });
  const listing = listingOf(await rows.require(listingId));
  ctx.emit('q.qmarket.listed.v1', {
    listingId,
    seller: listing.seller,
    cid: listing.cid,
    title: listing.title,
    price: listing.price,
    unit: listing.unit,
  });
  return listing;
});
