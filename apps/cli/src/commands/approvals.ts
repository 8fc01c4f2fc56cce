import { node } from '@anarq/node-module/contract';
import { operatorClient } from '../connection.ts';
import { paint, say, tick } from '../terminal.ts';

interface Options {
  readonly data: string;
  readonly json?: boolean;
}

const LISTED_MAX = 200;

/** What waits for the operator's approval. */
export async function approvalsList(options: Options): Promise<void> {
  const { client } = await operatorClient(options.data, [node]);
  const { items, next } = await client.call(node.approvals, { limit: LISTED_MAX });
  if (options.json === true)
    return say(JSON.stringify({ approvals: items, more: next !== undefined }));
  if (items.length === 0) return say('Nothing waits for your approval.');
  for (const { approvalId, question, operation, subject, expiresAt } of items) {
    say(`${paint.bold(question)}`);
    say(`  asked by ${operation} for ${subject}, until ${expiresAt}`);
    say(`  yes      ./q approvals approve ${approvalId}`);
    say(`  no       ./q approvals refuse ${approvalId}`);
  }
}

/** Answers what a process asked. */
export async function approvalsAnswer(
  answer: 'approve' | 'refuse',
  approvalId: string,
  options: Options & { readonly note?: string },
): Promise<void> {
  const { client } = await operatorClient(options.data, [node]);
  const { processId } = await client.call(node[answer], {
    approvalId,
    ...(options.note === undefined ? {} : { note: options.note }),
  });
  if (options.json === true) return say(JSON.stringify({ ok: true, approvalId, processId }));
  say(`${tick} ${answer === 'approve' ? 'approved' : 'refused'}  the process ${processId} goes on`);
}
