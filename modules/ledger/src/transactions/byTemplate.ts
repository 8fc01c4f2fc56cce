import { fail, QError } from '@anarq/common-schemas';
import type { ReadContext } from '@anarq/kernel';
import type { LedgerState } from '@anarq/ledger-engine';
import { booksOf } from '../books/books.ts';
import type { BatchAnswer } from '../engine/group.ts';
import { accountsByKey, type LedgerReader } from '../names.ts';
import { carryOut, type Mover } from './carryOut.ts';
import type { Order } from './order.ts';
import { checkCeiling, entriesOf, postingsFrom, type Posting } from './postings.ts';
import { NotLoaded, type TemplateCall } from './template.ts';
import { checkMetadata, type Worked } from './worked.ts';

/** Each time somebody else moved money, or set metadata, that a template read. */
const TRIES_MAX = 64;

/** What is in the books of a transaction, and what its template came to beside that. */
export interface Made {
  readonly answer: BatchAnswer;
  readonly worked: Worked;
}

/** A template comes to something else than before: what it read has changed. */
class Moved extends Error {
  override readonly name = 'Moved';
}

/**
 * Runs a template and puts its postings into the books. In the moment before they are applied it is run
 * again on what is there then: where that comes to anything else, all is done anew. So two that read the
 * same balance never both spend it.
 * @throws QError INSUFFICIENT_FUNDS and other refusals of the run; SERVICE_UNAVAILABLE where the books
 * change faster than that
 */
export async function makeByTemplate(
  ctx: Mover,
  batchId: string,
  order: Order,
  template: TemplateCall,
): Promise<Made> {
  for (let run = 0; run < TRIES_MAX; run++) {
    try {
      const worked = await workNow(ctx, order, template);
      const answer = await carryOut(ctx, batchId, order.heading, worked.postings, (state) =>
        checkStill(template, worked, state),
      );
      return { answer, worked };
    } catch (error) {
      if (!(error instanceof Moved)) throw error;
    }
  }
  return fail('SERVICE_UNAVAILABLE', 'What the template reads changes faster than it runs.', {
    retryAfter_ms: 250,
  });
}

/** What a template comes to now. @throws QError */
export async function workNow(
  ctx: LedgerReader & Pick<ReadContext, 'allows'>,
  { metadata, ceiling }: Order,
  template: TemplateCall,
): Promise<Worked> {
  const worked = await template.now(ctx);
  checkCeiling(ceiling, worked.postings);
  await checkMetadata(ctx, metadata, worked);
  return worked;
}

/**
 * A refusal is not told from here: what it comes of is not safe yet, and the next run finds it when it is.
 * @throws Moved
 */
function checkStill(template: TemplateCall, before: Worked, { queries }: LedgerState): void {
  if (textOrNone(() => template.again(queries)) !== textOf(before)) throw new Moved();
}

function textOrNone(work: () => Worked): string | undefined {
  try {
    return textOf(work());
  } catch (error) {
    if (error instanceof QError || error instanceof NotLoaded) return undefined;
    throw error;
  }
}

const textOf = ({ postings, metadata, accountMetadata }: Worked): string =>
  JSON.stringify([postings, metadata, [...accountMetadata]], (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );

/**
 * What a template came to whose postings are in the books, of a call that was cut off since: it is run
 * again on the balances of that moment. Metadata of accounts that were set otherwise meanwhile may have
 * it come to something else; then what it would set is not known any more, and the postings are told as
 * the books have them.
 */
export async function recalled(
  ctx: Mover,
  { heading: { id } }: Order,
  template: TemplateCall,
  answer: BatchAnswer,
): Promise<Worked> {
  const { results, timestamp } = answer;
  if (results.some((result) => result !== 0)) return NOTHING;
  const postings = await postingsOf(ctx, id, results.length);
  const before = timestamp - BigInt(results.length);
  const worked = await template.at(ctx, before).catch(noneOfIt);
  const isSame =
    textOf({ ...NOTHING, postings: worked.postings }) === textOf({ ...NOTHING, postings });
  return isSame ? worked : { ...NOTHING, postings };
}

/** What was worked out once may be refused with the metadata of now. */
function noneOfIt(error: unknown): Worked {
  if (error instanceof QError && !error.retryable) return NOTHING;
  throw error;
}

const NOTHING: Worked = { postings: [], metadata: {}, accountMetadata: new Map() };

/** The postings of a transaction that is in the books. */
async function postingsOf(ctx: Mover, id: string, count: number): Promise<Posting[]> {
  const entries = await booksOf(ctx).ask((queries) =>
    entriesOf(queries, ctx.call.tenant, id, count),
  );
  const keys = entries.flatMap(({ debitKey, creditKey }) => [debitKey, creditKey]);
  return postingsFrom(entries, await accountsByKey(ctx, keys));
}
