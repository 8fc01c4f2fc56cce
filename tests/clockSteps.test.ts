import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createClient, http, keys, type Client } from '@anarq/common-clients';
import { openRootKey } from '@anarq/crypto';
import { qerberos } from '@anarq/qerberos/contract';
import { qindex } from '@anarq/qindex/contract';
import { qlock } from '@anarq/qlock/contract';
import { squid } from '@anarq/squid/contract';
import { startNodeProcess, type NodeProcess } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { foldersOf } from './purchaseWorld.ts';

const HOUR_MS = 3_600_000;
const CONTENT = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku';
let folder: string;
let node: NodeProcess;
let seed: Uint8Array;
let offset_ms = 0;
/** One whose clock is that of the node, and one whose clock is right. */
let near: Client;
let far: Client;

const clientAt = (now_ms: () => number): Client =>
  createClient({
    contracts: [squid, qindex, qlock, qerberos],
    transport: http({
      url: node.address.url,
      credentials: keys({ did: node.address.operator, seed, nodeDid: node.address.node, now_ms }),
    }),
  });
const setTo = async (to_ms: number): Promise<void> => {
  offset_ms = to_ms;
  await node.setClock(to_ms);
};
const put = async (client: Client, key: string) =>
  (await client.result(qindex.put, { type: 'note', key, cid: CONTENT, tags: [] })).code;
const clockHealth = async () => {
  const response = await fetch(`${node.address.url}/health`);
  const { dependencies } = (await response.json()) as {
    dependencies: Record<string, { status: string }>;
  };
  return dependencies['clock']?.status;
};
/** What the store of the running node says. */
const rowsOf = (sql: string) => {
  const db = new DatabaseSync(join(foldersOf(folder).dataFolder, 'node.sqlite'), {
    readOnly: true,
  });
  try {
    return db.prepare(sql).all();
  } finally {
    db.close();
  }
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'q-clock-'));
  node = await startNodeProcess({ ...foldersOf(folder), clock: true });
  seed = (await openRootKey({ file: join(folder, 'keys/operator.key'), create: false })).seed;
  near = clientAt(() => Date.now() + offset_ms);
  far = clientAt(() => Date.now());
}, 240_000);
afterAll(async () => {
  await node.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('the clock of a real node', { timeout: 120_000 }, () => {
  it('jumps forward: sessions go on, a lease ends behind its token, and health tells of it', async () => {
    expect(await put(near, 'before')).toBe('SUCCESS');
    expect(await put(far, 'before too')).toBe('SUCCESS');
    const lease = await near.call(qlock.lock, { name: 'job', ttl_ms: 60_000 });
    expect(await clockHealth()).toBe('up');

    await setTo(HOUR_MS);
    expect(await put(near, 'ahead')).toBe('SUCCESS');
    // Both sessions were opened for an hour a moment ago, and are good for as long still.
    const left_ms = rowsOf('SELECT expires_ms FROM kernel_session').map(
      (row) => Number(row['expires_ms']) - (Date.now() + offset_ms),
    );
    expect(left_ms.filter((ms) => ms > HOUR_MS - 120_000 && ms <= HOUR_MS)).toHaveLength(
      left_ms.length,
    );
    // Who has another time than the node is told so, and nothing is done for it.
    expect(await put(far, 'from another time')).toBe('TIME_EXPIRED');
    const other = await near.call(qlock.lock, { name: 'job', ttl_ms: 60_000 });
    expect(other.token).toBeGreaterThan(lease.token);
    const renewal = { name: 'job', lockId: lease.lockId, ttl_ms: 60_000 };
    expect((await near.result(qlock.renew, renewal)).status).toBe('error');
    await expect.poll(clockHealth, { timeout: 20_000 }).toBe('degraded');
    expect(node.complaints.join()).toContain('jumped forward by 3600 s');
  });

  it('jumps back: nobody waits for an hour that is gone, and nothing lives an hour longer', async () => {
    await setTo(0);
    for (let count = 0; count < 40; count++)
      expect(await put(near, `back-${count}`)).toBe('SUCCESS');
    expect(await put(far, 'in time again')).toBe('SUCCESS');
    const [longest] = rowsOf('SELECT MAX(expires_ms) AS at_ms FROM kernel_session');
    expect(Number(longest?.['at_ms']) - Date.now()).toBeLessThanOrEqual(HOUR_MS);
    expect(node.complaints.join()).toContain('jumped back by 3600 s');
  });

  it('leaves a log in the order of commits, which a restart finds whole', async () => {
    const log = await near.call(qerberos.logStatus, {});
    expect(log).toMatchObject({ ok: true, problems: [] });
    await node.stop();
    node = await startNodeProcess({ ...foldersOf(folder), clock: true });
    near = clientAt(() => Date.now() + offset_ms);
    expect(await near.call(qerberos.logStatus, {})).toMatchObject({ ok: true, problems: [] });
    const { items } = await near.call(qindex.list, { type: 'note', limit: 200 });
    expect(items).toHaveLength(44);
  });
});
