import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createClient,
  downloadFile,
  http,
  keys,
  uploadFile,
  type Client,
} from '@anarq/common-clients';
import { openRootKey } from '@anarq/crypto';
import { node as nodeContract } from '@anarq/node-module/contract';
import { qdrive } from '@anarq/qdrive/contract';
import { qerberos } from '@anarq/qerberos/contract';
import { qindex } from '@anarq/qindex/contract';
import { squid } from '@anarq/squid/contract';
import {
  canMount,
  smallDisk,
  startNodeProcess,
  type NodeProcess,
  type SmallDisk,
} from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const CONTENT = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku';
const FULL = { status: 'error', code: 'QDRIVE_STORAGE_FULL' };
const DISK_MEGABYTES = 100;

let disk: SmallDisk;
let keysFolder: string;
let node: NodeProcess;
let seed: Uint8Array;
/** One with a session, opened while there was room. */
let operator: Client;

const newClient = (): Client =>
  createClient({
    contracts: [squid, qindex, qdrive, qerberos, nodeContract],
    transport: http({
      url: node.address.url,
      credentials: keys({ did: node.address.operator, seed, nodeDid: node.address.node }),
    }),
  });
const put = (key: string, idempotencyKey = key) =>
  operator.result(
    qindex.put,
    { type: 'note', key, cid: CONTENT, tags: [] },
    { idempotencyKey, retry: false },
  );
/** The keys of all notes that a client finds. */
const found = async (client = operator): Promise<string[]> => {
  const all: string[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await client.call(qindex.list, {
      type: 'note',
      limit: 200,
      ...(cursor === undefined ? {} : { cursor }),
    });
    all.push(...page.items.map(({ record }) => record.key));
    cursor = page.next;
    if (cursor === undefined) return all.toSorted();
  }
};
const health = async () => {
  const response = await fetch(`${node.address.url}/health`);
  return (await response.json()) as {
    status: string;
    dependencies: Record<string, { status: string }>;
  };
};
async function* bytes(length: number): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(length).fill(7);
}
/** Asks again until something holds; the health of a node is looked at once a second at most. */
const until = async (holds: () => Promise<boolean>): Promise<void> => {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 100));
};

describe.skipIf(!canMount())('a full disk under a real node', () => {
  const answered: string[] = [];
  let fileId: string;
  let refused: string | undefined;

  beforeAll(async () => {
    disk = await smallDisk(DISK_MEGABYTES);
    keysFolder = await mkdtemp(join(tmpdir(), 'q-full-'));
    node = await startNodeProcess({ dataFolder: join(disk.folder, 'data'), keysFolder });
    ({ seed } = await openRootKey({ file: join(keysFolder, 'operator.key'), create: false }));
    operator = newClient();
    for (const key of ['one', 'two', 'three']) {
      if ((await put(key)).code === 'SUCCESS') answered.push(key);
    }
    ({ fileId } = await uploadFile(operator, bytes(5_000), { name: 'before', bytes: 5_000 }));
  }, 240_000);

  afterAll(async () => {
    await node.stop();
    await disk.remove();
    await rm(keysFolder, { recursive: true, force: true });
  });

  it('refuses writes with the error of the table, and does nothing by halves', async () => {
    await disk.fill();
    // What is open still has some room of its own: the pages of the journal that is there already.
    for (let count = 0; refused === undefined; count++) {
      const key = `late-${count}`;
      const result = await put(key);
      if (result.code === 'SUCCESS') answered.push(key);
      else {
        expect(result).toMatchObject({ ...FULL, retryable: true });
        refused = key;
      }
    }
    expect(await found()).toEqual(answered.toSorted());
    const upload = uploadFile(operator, bytes(500_000), { name: 'late', bytes: 500_000 });
    await expect(upload).rejects.toMatchObject({ code: 'QDRIVE_STORAGE_FULL' });
    const { items } = await operator.call(qdrive.files, { limit: 200 });
    expect(items.map(({ name }) => name)).toEqual(['before']);
  });

  it('goes on reading, also for who has no session yet, and says what is wrong', async () => {
    expect(await found(newClient())).toEqual(answered.toSorted());
    const pieces: Uint8Array[] = [];
    for await (const piece of (await downloadFile(operator, { fileId })).body) pieces.push(piece);
    expect(Buffer.concat(pieces)).toHaveLength(5_000);
    await until(async () => (await health()).dependencies['disk']?.status === 'down');
    expect((await health()).status).toBe('degraded');
    const { alerts } = await operator.call(nodeContract.status, {});
    expect(alerts).toContainEqual(
      expect.objectContaining({ alertId: 'dependency/disk', state: 'FIRING' }),
    );
  });

  it('goes on without a restart when there is room again, and has lost nothing that it answered', async () => {
    await disk.empty();
    // The write that was refused is done when it is asked for again, under its key.
    for (const key of [refused ?? '', 'after']) {
      await until(async () => (await put(key)).code === 'SUCCESS');
      answered.push(key);
    }
    expect(await found()).toEqual(answered.toSorted());
    const after = await uploadFile(operator, bytes(500_000), { name: 'after', bytes: 500_000 });
    expect(after.fileId).not.toBe(fileId);
    await until(async () => (await health()).dependencies['disk']?.status === 'degraded');
    const log = await operator.call(qerberos.logStatus, {});
    expect(log).toMatchObject({ ok: true, problems: [] });
    await node.stop();
    node = await startNodeProcess({ dataFolder: join(disk.folder, 'data'), keysFolder });
    operator = newClient();
    expect(await found()).toEqual(answered.toSorted());
    expect(node.complaints).toEqual([]);
  });
});
