import { fail } from '@anarq/common-schemas';
import type { ProcessContext } from '@anarq/kernel';

/**
 * Asked in the last moment before something goes into the books.
 * @throws CANCELLED where the call was stopped meanwhile
 */
export function checkGoesOn(ctx: Pick<ProcessContext, 'cancelled'>): void {
  if (ctx.cancelled()) fail('CANCELLED', 'The call was stopped before it moved anything.');
}
