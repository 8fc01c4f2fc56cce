import { handler } from '@anarq/kernel';
import { checkpointView, proofView } from '../checkpointView.ts';
import { qerberos } from '../contract.ts';
import { inTableWords } from '../logErrors.ts';

export const inclusion = handler(qerberos.inclusion, async (input, ctx) => {
  const { log } = ctx.services;
  const { leafIndex, proof, checkpoint } = await inTableWords(() => log.inclusion(input.cid));
  return { leafIndex, proof: proofView(proof), checkpoint: checkpointView(checkpoint, log) };
});
