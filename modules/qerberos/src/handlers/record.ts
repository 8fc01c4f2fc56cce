import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { verifyReceipt } from '@anarq/log';
import { qerberos } from '../contract.ts';
import { inTableWords } from '../logErrors.ts';
import { recordView } from '../recordView.ts';

export const record = handler(qerberos.record, async (input, ctx) => {
  const { log } = ctx.services;
  const receipt = await inTableWords(() => log.receipt(input.cid, ctx.call.subject));
  // What is shown was checked against the signed tree as anyone else would check it.
  const [opened] = verifyReceipt(receipt, { trust: log.trust }).records;
  if (opened === undefined || opened.body === null)
    return fail('INTERNAL', 'The record does not agree with the signed tree.', { cid: input.cid });
  return recordView({ ...opened, body: opened.body });
});
