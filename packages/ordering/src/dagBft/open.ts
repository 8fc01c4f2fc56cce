import { fail } from '@anarq/common-schemas';
import { accountOf } from '@anarq/dag';
import { DEFAULT_LIMITS, type OrderingEngine, type OrderingLimits } from '../types.ts';
import { DagBftOrdering, type DagBftOptions } from './engine.ts';

export interface DagBftOrderingOptions extends Omit<DagBftOptions, 'limits'> {
  readonly limits?: Partial<OrderingLimits>;
}

/**
 * Orders batches by a chain whose validators bear less than a third of liars.
 * @throws QError INPUT_INVALID where the account is not of its key, or no member
 */
export function openDagBftOrdering(given: DagBftOrderingOptions): OrderingEngine {
  const { account, members } = given;
  if (accountOf(account.publicKey) !== account.id)
    fail('INPUT_INVALID', 'The account that orders is the one of its first public key.');
  if (!members.includes(account.id))
    fail('INPUT_INVALID', 'The account that orders is one of the members of the ledger.');
  return new DagBftOrdering({ ...given, limits: { ...DEFAULT_LIMITS, ...given.limits } });
}
