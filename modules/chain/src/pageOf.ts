import type { Static } from '@anarq/common-schemas';
import type { ChainNode } from './chain/chainNode.ts';
import type { TransactionPage } from './models.ts';
import { cursorOf, faultModelOf, positionIn, transactionView } from './views.ts';

const LIMIT = 50;

/** Transactions before a cursor, the latest first. @throws INPUT_INVALID, SegmentDamaged */
export async function pageOf(
  chain: ChainNode,
  { limit = LIMIT, cursor }: { readonly limit?: number; readonly cursor?: string },
  account: string | undefined,
): Promise<Static<typeof TransactionPage>> {
  const before = positionIn(cursor);
  const found = await chain.archive.transactions({ account, before, limit: limit + 1 });
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return {
    items: items.map((each) => transactionView(chain, each)),
    ...(found.length > limit && last !== undefined ? { next: cursorOf(last.position) } : {}),
    faultModel: faultModelOf(chain),
  };
}
