import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { qmarket } from '../contract.ts';
import { licenses } from '../store.ts';

/** Only the purchase that placed an order takes it back: nobody pays for a licence that is gone. */
export const cancelOrder = handler(qmarket.cancelOrder, async ({ licenseId }, ctx) => {
  const rows = ctx.rows(licenses);
  const license = await rows.require(licenseId);
  if (license.state !== 'PENDING' || license.process !== ctx.call.process)
    fail('STATE_CONFLICT', 'An order is taken back by the purchase that placed it.', {
      state: license.state,
      licenseId,
    });
  rows.remove(license);
  return { licenseId };
});
