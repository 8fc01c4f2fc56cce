import type { Rows } from '@anarq/kernel';
import type { watches } from '../store.ts';
import type { Watchers } from './news.ts';

const PAGE = 200;

/** Who watches which account, of the tenant. */
export async function watchersOf(
  rows: Pick<Rows<typeof watches>, 'list'>,
): Promise<{ readonly count: number; readonly watchers: Watchers }> {
  const watchers = new Map<string, string[]>();
  let count = 0;
  let cursor: string | undefined;
  do {
    const page = await rows.list({ of: 'tenant', limit: PAGE, cursor });
    for (const { account_id, owner } of page.items) {
      const known = watchers.get(account_id);
      if (known === undefined) watchers.set(account_id, [owner]);
      else known.push(owner);
    }
    count += page.items.length;
    cursor = page.next;
  } while (cursor !== undefined);
  return { count, watchers };
}
