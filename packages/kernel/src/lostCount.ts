import type { Store } from '@anarq/store';

/** The key under which the kernel's facts keep when the data lost count. */
export const COUNT_LOST = 'count_lost';

/** When this became a copy that does not hold all that the old node did; undefined where it never did. */
export async function countLostAt_ms(store: Store): Promise<number | undefined> {
  const [row] = await store.read('SELECT value FROM kernel_meta WHERE key = :key', {
    key: COUNT_LOST,
  });
  return row === undefined ? undefined : Number(row['value']);
}
