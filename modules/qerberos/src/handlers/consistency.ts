import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { checkpointView, proofView } from '../checkpointView.ts';
import { qerberos } from '../contract.ts';

export const consistency = handler(qerberos.consistency, async (input, ctx) => {
  const { log } = ctx.services;
  const signed = log.checkpoint();
  const { from, to } = input;
  if (from > to || to > signed.size)
    fail('INPUT_INVALID', `Ask from 1 up to the ${signed.size} leaves of the signed tree.`, {
      from,
      to,
      size: signed.size,
    });
  return {
    proof: proofView(await log.consistency(from, to)),
    checkpoint: checkpointView(signed, log),
  };
});
