import { fail } from '@anarq/common-schemas';
import type { ReadContext } from '@anarq/kernel';
import { ChainNode } from './chain/chainNode.ts';

/** The chain of the node on which a handler runs. @throws DEPENDENCY_MISSING where it keeps none */
export function chainOf({ ownLog }: Pick<ReadContext, 'ownLog'>): ChainNode {
  if (ownLog instanceof ChainNode) return ownLog;
  return fail(
    'DEPENDENCY_MISSING',
    'This node keeps no chain: start it with ./q up --chain FOLDER.',
    { option: '--chain' },
  );
}
