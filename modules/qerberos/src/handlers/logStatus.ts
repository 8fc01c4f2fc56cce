import { handler } from '@anarq/kernel';
import { qerberos } from '../contract.ts';

export const logStatus = handler(qerberos.logStatus, async (_input, ctx) => {
  const { ok, size, problems } = await ctx.services.log.verifySelf();
  return { ok, size, problems: [...problems] };
});
