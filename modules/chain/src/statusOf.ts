import type { Static } from '@anarq/common-schemas';
import type { ChainNode } from './chain/chainNode.ts';
import { ERROR_OF } from './codes.ts';
import type { TransactionStatus } from './models.ts';
import { faultModelOf, instantOf, transactionView } from './views.ts';

/** How far a transaction is: as this node saw it on its way, and as its history has it. @throws SegmentDamaged */
export async function statusOf(
  chain: ChainNode,
  id: string,
): Promise<Static<typeof TransactionStatus> | undefined> {
  const found = await chain.archive.transaction(id);
  // Asked after the history: what has come to its end meanwhile is told so.
  const seen = chain.validator.status(id);
  if (found === undefined && seen === undefined) return undefined;
  const kept = found === undefined ? undefined : transactionView(chain, found);
  const faultModel = faultModelOf(chain);
  if (seen === undefined && kept !== undefined) return { ...kept, faultModel };
  if (seen === undefined) return undefined;
  const { state, position, checkpoint, code, times_ms } = seen;
  const seenAt = Object.fromEntries(
    Object.entries(times_ms).map(([name, time_ms]) => [name, instantOf(time_ms)]),
  );
  return {
    ...(position === undefined ? {} : { position }),
    ...(checkpoint === undefined ? {} : { checkpoint }),
    ...(code === undefined ? {} : { rejection: code, error: ERROR_OF[code] }),
    ...kept,
    transactionId: id,
    // Each may know of its certificate before the other does.
    state: kept?.state === 'Finalized' ? 'Finalized' : state,
    seenAt,
    faultModel,
  };
}
