import { describe, expect, it } from 'vitest';

import { openStore } from '../src/index.ts';
import { dataFile, itemStore, rejection } from './support.ts';

describe('an option out of its range', () => {
  it.each([{ queue_max: 0 }, { readers: 17 }, { group_max: 1.5 }, { busy_timeout_ms: -1 }])(
    '%j is refused',
    async (options) => {
      expect((await rejection(openStore({ file: dataFile(), ...options }))).code).toBe('SQL');
    },
  );
});

describe('a full disk', () => {
  const insert = (id: number, bytes: number) => ({
    sql: 'insert into item (id, body) values (:id, randomblob(:bytes))',
    params: { id, bytes },
  });

  it('refuses with FULL, keeps what was acknowledged, and goes on once there is room', async () => {
    const file = dataFile();
    const store = await itemStore({ file, test_page_count_max: 64 });
    const acknowledged: number[] = [];
    let refused = 0;
    for (let id = 0; id < 160; id += 8) {
      const ids = Array.from({ length: 8 }, (_, at) => id + at);
      const settled = await Promise.allSettled(
        ids.map((each) => store.commit([insert(each, 3000)])),
      );
      settled.forEach((each, at) => {
        if (each.status === 'fulfilled') acknowledged.push(id + at);
        else {
          expect(each.reason.code).toBe('FULL');
          refused += 1;
        }
      });
    }
    expect(refused).toBeGreaterThan(0);
    const stored = async () =>
      (await store.read('select id from item order by id')).map((r) => r['id']);
    expect(await stored()).toEqual(acknowledged);

    await store.commit([{ sql: 'delete from item where id < 8', expect: { changes: 8 } }]);
    await store.commit([insert(1000, 3000)]);
    expect(await stored()).toEqual([...acknowledged.slice(8), 1000]);
    expect(await store.check()).toEqual({ ok: true, problems: [] });
  });
});
