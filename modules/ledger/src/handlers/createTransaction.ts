import { process, type ProcessContext } from '@anarq/kernel';
import { ledger } from '../contract.ts';
import { makeByTemplate, recalled, type Made } from '../transactions/byTemplate.ts';
import { accountsOf, carryOut, doneBefore, keep } from '../transactions/carryOut.ts';
import { setEntry } from '../transactions/metadata.ts';
import { POSTINGS_MAX } from '../transactions/models.ts';
import { orderOf, type Order } from '../transactions/order.ts';
import { outcomeOf } from '../transactions/outcome.ts';
import { writePosting, type Posting } from '../transactions/postings.ts';
import { TemplateCall } from '../transactions/template.ts';

type Context = ProcessContext<typeof ledger.createTransaction>;

export const createTransaction = process(ledger.createTransaction, async (input, ctx) => {
  const order = orderOf(ctx, input);
  const { heading } = order;
  const batchId = ctx.id('batch');
  const { answer, worked } =
    order.by instanceof TemplateCall
      ? await byTemplate(ctx, batchId, order, order.by)
      : await byPostings(ctx, batchId, order, order.by);
  keep(ctx, batchId, heading, answer, accountsOf(worked.postings), {
    userData: input.userData,
    metadata: { ...order.metadata, ...worked.metadata },
  });
  const outcome = await outcomeOf(ctx, heading, answer.results);
  if (outcome.result !== 'created') return { id: heading.id, ...outcome };
  for (const [account, entries] of worked.accountMetadata)
    for (const entry of Object.entries(entries)) setEntry(ctx, 'account', account, entry);
  return { id: heading.id, ...outcome, postings: worked.postings.map(writePosting) };
});

async function byPostings(
  ctx: Context,
  batchId: string,
  { heading }: Order,
  postings: readonly Posting[],
): Promise<Made> {
  // A run before this one may have been cut off after it had begun.
  const answer =
    (await doneBefore(ctx, batchId, heading.id, postings.length)) ??
    (await carryOut(ctx, batchId, heading, postings));
  return { answer, worked: { postings, metadata: {}, accountMetadata: new Map() } };
}

async function byTemplate(
  ctx: Context,
  batchId: string,
  order: Order,
  template: TemplateCall,
): Promise<Made> {
  const answer = await doneBefore(ctx, batchId, order.heading.id, POSTINGS_MAX);
  if (answer === undefined) return makeByTemplate(ctx, batchId, order, template);
  return { answer, worked: await recalled(ctx, order, template, answer) };
}
