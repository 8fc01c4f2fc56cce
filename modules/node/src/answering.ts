import type { WriteContext } from '@anarq/kernel';

/** Answers what a process asked; whoever answered stands in the journal and in the record. */
export async function answer(
  { approvalId, note }: { readonly approvalId: string; readonly note?: string | undefined },
  given: 'APPROVED' | 'REFUSED',
  ctx: Pick<WriteContext, 'call' | 'now' | 'services' | 'carry' | 'afterCommit' | 'party'>,
): Promise<{ approvalId: string; processId: string }> {
  const { statements, activate, asked } = await ctx.services.processes.prepareAnswer(approvalId, {
    answer: given,
    by: ctx.call.actor,
    at: ctx.now,
    ...(note === undefined ? {} : { note }),
  });
  ctx.carry(statements);
  ctx.afterCommit(activate);
  ctx.party(asked.subject);
  return { approvalId, processId: asked.process };
}
