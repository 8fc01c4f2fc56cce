import { startTestNode, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KEYS_MAX, LOCK_NAMES_MAX, qlock } from '../src/contract.ts';
import { codeOf } from './support.ts';

let node: TestNode;
beforeAll(async () => {
  node = await startTestNode({ modules: ['qlock'] });
});
afterAll(() => node.close());

/** As if an owner had one made row so many times. */
const copies = (table: string, columns: string, owner: string, n: number) =>
  node.store.commit([
    {
      sql: `WITH RECURSIVE more(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM more WHERE i < :n)
            INSERT INTO ${table} (tenant, id, owner, version, created_ms, updated_ms, ${columns})
            SELECT tenant, id || '.' || i, owner, version, created_ms, updated_ms, ${columns}
            FROM ${table}, more WHERE owner = :owner`,
      params: { owner, n },
    },
  ]);

const countOf = async (table: string, owner: string): Promise<unknown> => {
  const sql = `SELECT count(*) AS n FROM ${table} WHERE owner = :owner`;
  return (await node.store.read(sql, { owner }))[0]?.['n'];
};

describe('an owner', () => {
  it('has at most a thousand keys, also when many are made at once', async () => {
    const ana = await node.person('Ana');
    await ana.call(qlock.createKey, { kind: 'symmetric' });
    await copies('qlock_key', 'kind, name, current, public_key', ana.did, KEYS_MAX - 4);
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => ana.result(qlock.createKey, { kind: 'symmetric' })),
    );
    expect(answers.map(codeOf).toSorted()).toEqual([
      ...Array<string>(5).fill('LIMIT_EXCEEDED'),
      ...Array<string>(3).fill('SUCCESS'),
    ]);
    expect(await countOf('qlock_key', ana.did)).toBe(KEYS_MAX);
  });

  it('has at most ten thousand lock names, also when many are locked at once', async () => {
    const ben = await node.person('Ben');
    const lock = (name: string) => ben.result(qlock.lock, { name, ttl_ms: 60_000 });
    await lock('first');
    const columns = 'name, token, holder, lock_id, expires_ms';
    await copies('qlock_lock', columns, ben.did, LOCK_NAMES_MAX - 3);
    const answers = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map(lock));
    expect(answers.map(codeOf).toSorted()).toEqual([
      ...Array<string>(4).fill('LIMIT_EXCEEDED'),
      ...Array<string>(2).fill('SUCCESS'),
    ]);
    expect(await countOf('qlock_lock', ben.did)).toBe(LOCK_NAMES_MAX);
    // A name that is known is locked again all the same.
    expect(codeOf(await lock('first'))).not.toBe('LIMIT_EXCEEDED');
  });
});
