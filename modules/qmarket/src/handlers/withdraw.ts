import { fail, QError } from '@anarq/common-schemas';
import { process } from '@anarq/kernel';
import { qindex } from '@anarq/qindex/contract';
import { qmarket } from '../contract.ts';
import { listings } from '../store.ts';
import { listingOf } from '../views.ts';

/**
 * Closes the listing for new buyers, and only that: licences are delegations of their own below the
 * seller's delegation to the market, which stays. Who wants to end them revokes that delegation.
 */
export const withdraw = process(qmarket.withdraw, async ({ listingId }, ctx) => {
  const before = await ctx.query(qmarket.listing, { listingId });
  if (before.state !== 'OPEN')
    fail('STATE_CONFLICT', 'The listing is withdrawn already.', { state: before.state, listingId });
  const rows = ctx.rows(listings);
  const row = await rows.require(listingId);
  try {
    await ctx.step('unindex', qindex.remove, { recordId: row.record_id }, { as: 'module' });
  } catch (error) {
    // Another withdrawal was faster: what this one wanted is so.
    if (!(error instanceof QError) || error.code !== 'QINDEX_NOT_FOUND') throw error;
  }
  if (row.state === 'OPEN') {
    rows.update(row, { state: 'WITHDRAWN' });
    ctx.emit('q.qmarket.withdrawn.v1', { listingId, seller: row.owner });
  }
  return listingOf(await rows.require(listingId));
});
