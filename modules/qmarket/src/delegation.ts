import { fail } from '@anarq/common-schemas';
import type { ReadContext } from '@anarq/kernel';
import { marketOf } from './market.ts';

/**
 * That the seller's delegation opens the file for the market, the whole chain of it: a licence
 * below one that does not would be paid for and open nothing.
 * @throws STATE_CONFLICT when it is revoked, expired, or says something else
 */
export async function checkDelegation(
  ctx: Pick<ReadContext, 'services' | 'now_ms'>,
  grant: string,
  file: { readonly fileId: string; readonly owner: string },
): Promise<void> {
  const active = await ctx.services.grants.active(grant);
  const verdict = active?.check({
    command: '/qdrive/get',
    args: {
      op: 'qdrive.get',
      tool: 'qdrive.get',
      resource: `qdrive/file/${file.fileId}`,
      input: { fileId: file.fileId },
    },
    audience: marketOf(ctx),
    subject: file.owner,
    now_s: Math.floor(ctx.now_ms / 1_000),
  });
  if (verdict?.allow === true) return;
  fail('STATE_CONFLICT', "The seller's delegation does not open this file for the market.", {
    state: verdict === undefined ? 'REVOKED' : 'NOT_COVERED',
    grant,
    rule: verdict?.why.rule ?? 'the grant is not in force',
  });
}
