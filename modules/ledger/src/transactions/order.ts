import { fail, type InputOf } from '@anarq/common-schemas';
import type { ReadContext } from '@anarq/kernel';
import { checkIds } from '../access.ts';
import type { ledger } from '../contract.ts';
import type { Metadata } from './metadata.ts';
import { checkCeiling, markOf, readPosting, writePosting } from './postings.ts';
import type { Ceiling, Heading, Posting } from './postings.ts';
import { TemplateCall } from './template.ts';

type Input = InputOf<typeof ledger.createTransaction>;

/** A transaction to make, read from the call: by its postings, or by a template for them. */
export interface Order {
  readonly heading: Heading;
  readonly metadata: Metadata;
  readonly ceiling: Ceiling;
  readonly by: readonly Posting[] | TemplateCall;
}

/**
 * Reads what a call asks for.
 * @throws QONSENT_DENIED for an id of a module, AMOUNT_INVALID, PRICE_ABOVE_LIMIT, INPUT_INVALID
 */
export function orderOf(ctx: Pick<ReadContext, 'call' | 'services'>, input: Input): Order {
  checkIds(ctx, [input]);
  const { id, code, userData = null, metadata = {}, maxAmount, unit } = input;
  const ceiling = { maxAmount, unit };
  const { content, by } = movementsOf(ctx, input);
  if (!(by instanceof TemplateCall)) checkCeiling(ceiling, by);
  const mark = markOf({ ...content, code, userData, metadata });
  return { heading: { id, code, mark }, metadata, ceiling, by };
}

/** What is to move, and what of that stands in the mark. */
function movementsOf(
  { call }: Pick<ReadContext, 'call'>,
  { postings, template, variables = {} }: Input,
): { readonly content: Readonly<Record<string, unknown>>; readonly by: Order['by'] } {
  if (postings !== undefined && template === undefined) {
    const by = postings.map(readPosting);
    return { content: { postings: by.map(writePosting) }, by };
  }
  if (template !== undefined && postings === undefined)
    return {
      content: { template, variables },
      by: new TemplateCall(template, variables, call.tenant),
    };
  return fail('INPUT_INVALID', 'A transaction has either postings or a template for them.');
}
