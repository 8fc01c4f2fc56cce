import { fail } from '@anarq/common-schemas';
import { accountsById, type LedgerReader } from '../names.ts';
import { checkBounds, metadataOf, type Metadata } from './metadata.ts';
import type { Posting } from './postings.ts';

/** What a template came to. */
export interface Worked {
  readonly postings: readonly Posting[];
  readonly metadata: Metadata;
  /** By account. */
  readonly accountMetadata: ReadonlyMap<string, Metadata>;
}

/**
 * Looks whether what a template sets can be kept, before it moves anything.
 * @throws INPUT_INVALID where it sets what the caller set, LIMIT_EXCEEDED, or QONSENT_DENIED for an
 * account of somebody else
 */
export async function checkMetadata(
  ctx: LedgerReader,
  given: Metadata,
  { metadata, accountMetadata }: Worked,
): Promise<void> {
  const both = Object.keys(metadata).find((key) => Object.hasOwn(given, key));
  if (both !== undefined)
    fail('INPUT_INVALID', `The template and the call both set ${both}.`, { key: both });
  checkBounds({ ...given, ...metadata });
  const ids = [...accountMetadata.keys()];
  const names = await accountsById(ctx, ids);
  const before = await metadataOf(ctx, 'account', ids);
  for (const [id, entries] of accountMetadata) {
    if (names.get(id)?.owner !== ctx.call.subject)
      fail('QONSENT_DENIED', 'Only its owner sets metadata of an account.', {
        why: { rule: `${ctx.call.subject} does not own account ${id}` },
        id,
      });
    checkBounds({ ...before.get(id), ...entries });
  }
}
