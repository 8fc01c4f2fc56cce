import { handler } from '@anarq/kernel';
import { node } from '../contract.ts';
import { pageOf, shown } from '../cursor.ts';

export const approvals = handler(node.approvals, async (input, ctx) => {
  const { tenant, subject } = ctx.call;
  const found = await ctx.services.processes.approvals(tenant, subject, pageOf(input));
  return shown(found, input, ({ id, process, asked, created_ms, due_ms }) => ({
    approvalId: id,
    processId: process,
    operation: asked.operation,
    question: asked.question ?? '',
    subject: asked.subject,
    askedAt: new Date(created_ms).toISOString(),
    expiresAt: new Date(due_ms ?? created_ms).toISOString(),
  }));
});
