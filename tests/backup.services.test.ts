import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { anonymous, bearer, createClient, http, keys, type Client } from '@anarq/common-clients';
import type { Result } from '@anarq/common-schemas';
import { openRootKey } from '@anarq/crypto';
import { parseMinor } from '@anarq/decimal';
import { qerberos } from '@anarq/qerberos/contract';
import { qindex } from '@anarq/qindex/contract';
import { qmarket } from '@anarq/qmarket/contract';
import { qonsent } from '@anarq/qonsent/contract';
import { qwallet } from '@anarq/qwallet/contract';
import { squid } from '@anarq/squid/contract';
import { startNodeProcess, type NodeProcess } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditRecords } from './crashes/audit.ts';
import { Load, type WrittenRecord } from './crashes/load.ts';
import { foundCrashWorld, FUNDS, removeCrashWorld, type CrashWorld } from './crashes/world.ts';
import { clientOf, foldersOf, PRICE, UNIT } from './purchaseWorld.ts';
import { q, spawnQ } from './qCommand.ts';

const CONTENT = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku';
const GONE = '--i-know-the-old-one-is-gone';
let world: CrashWorld;
let scratch: string;
/** Where the backups lie, and what the node had answered before the first was begun. */
let backups: string;
let answered: readonly WrittenRecord[];
let boughtBefore: number;
let surprises: readonly string[];
/** A checkpoint that the node signed after the backup. */
let later: { note: string; size: number };
let backupSize: number;

const run = async (...args: string[]) => {
  const ended = await q(...args);
  expect(ended.stderr).toBe('');
  return JSON.parse(ended.stdout) as Record<string, unknown>;
};
const keysFolder = () => foldersOf(world.folder).keysFolder;
const purchase = { maxPrice: PRICE, unit: UNIT };

beforeAll(async () => {
  world = await foundCrashWorld();
  scratch = await mkdtemp(join(tmpdir(), 'q-backup-'));
  backups = join(scratch, 'backups');
  const folders = foldersOf(world.folder);
  const node = await startNodeProcess(folders);
  const load = new Load(world);
  let isOver = false;
  const running = load.run(node.address, () => isOver);
  try {
    while (load.written.length < 20 || load.boughtByAgent < 2)
      await new Promise((resolve) => setTimeout(resolve, 20));
    answered = [...load.written];
    boughtBefore = [...load.bought.values()].reduce((sum, one) => sum + one, 0);
    const made = await run('backup', backups, '--data', folders.dataFolder, '--json');
    backupSize = made['records'] as number;
    const after = load.written.length;
    while (load.written.length < after + 10)
      await new Promise((resolve) => setTimeout(resolve, 20));
    isOver = true;
    await running;
    later = await createClient({
      contracts: [qerberos],
      transport: http({ url: node.address.url, credentials: anonymous() }),
    }).call(qerberos.checkpoint, {});
    surprises = load.surprises;
  } finally {
    isOver = true;
    await running;
    await node.stop();
  }
}, 240_000);

afterAll(async () => {
  await removeCrashWorld(world);
  await rm(scratch, { recursive: true, force: true });
});

const restored = async (name: string, ...args: string[]): Promise<string> => {
  const folder = join(scratch, name);
  await run('restore', backups, '--data', folder, '--keys', keysFolder(), '--json', ...args);
  return folder;
};

const holds = async ({ address }: NodeProcess): Promise<bigint> => {
  let total = 0n;
  for (const buyer of world.buyers) {
    const { items } = await clientOf(address, buyer).call(qwallet.accounts, {});
    for (const { available, unit } of items) total += parseMinor(available, unit);
  }
  return total;
};

const asOperator = async ({ address }: NodeProcess): Promise<Client> => {
  const { seed } = await openRootKey({ file: join(keysFolder(), 'operator.key'), create: false });
  return createClient({
    contracts: [squid, qerberos],
    transport: http({
      url: address.url,
      credentials: keys({ did: address.operator, seed, nodeDid: address.node }),
    }),
  });
};

const asAgent = ({ address }: NodeProcess): Client =>
  createClient({
    contracts: [qmarket],
    transport: http({ url: address.url, credentials: bearer(world.agent.token) }),
  });

const codeOf = async (result: Promise<Result<unknown>>): Promise<string> => (await result).code;

describe('a backup of a node that is in use', () => {
  it('is found whole elsewhere, with everything that was answered before it was begun', async () => {
    const dataFolder = await restored('whole');
    const copy = await startNodeProcess({ dataFolder, keysFolder: keysFolder() });
    try {
      expect(surprises).toEqual([]);
      expect(await auditRecords(copy.address, answered)).toEqual([]);
      const operator = await asOperator(copy);
      expect(await operator.call(qerberos.logStatus, {})).toMatchObject({ ok: true, problems: [] });
      // What buyers lack of their funds is what they paid for at least.
      const paid = 3n * parseMinor(FUNDS, UNIT) - (await holds(copy));
      expect(paid).toBeGreaterThanOrEqual(BigInt(boughtBefore) * parseMinor(PRICE, UNIT));
    } finally {
      await copy.stop();
    }
  });

  it('says how many records it lacks of a checkpoint that was seen later', async () => {
    const file = join(scratch, 'later.txt');
    await writeFile(file, later.note);
    const folder = join(scratch, 'older');
    const told = await run(
      'restore',
      backups,
      '--data',
      folder,
      '--keys',
      keysFolder(),
      '--checkpoint',
      file,
      '--json',
    );
    expect(told).toMatchObject({ fenced: true, missing: later.size - backupSize });
    expect(told['missing']).toBeGreaterThan(0);
  });

  it('copies content once, however many backups there are', async () => {
    const { dataFolder } = foldersOf(world.folder);
    const folder = join(scratch, 'twice');
    const backup = () => run('backup', folder, '--data', dataFolder, '--json');
    expect(await backup()).toMatchObject({ newBlocks: 1, blocks: { count: 1 } });
    expect(await backup()).toMatchObject({ newBlocks: 0, blocks: { count: 1 } });
    expect((await readdir(folder)).length).toBe(3);
  });

  it('may hold the keys, which open with their passphrase only', async () => {
    const folder = join(scratch, 'with-keys');
    const passphrase = join(scratch, 'passphrase');
    const wrong = join(scratch, 'wrong');
    await writeFile(passphrase, 'nine words that nobody else would ever think of\n');
    await writeFile(wrong, 'eight words that nobody else would think of\n');
    const { dataFolder } = foldersOf(world.folder);
    await run(
      'backup',
      folder,
      '--data',
      dataFolder,
      '--with-keys',
      '--passphrase-file',
      passphrase,
      '--json',
    );
    const data = join(scratch, 'with-keys-data');
    const own = join(scratch, 'own-keys');
    const restore = ['restore', folder, '--data', data, '--keys', own, '--with-keys'];
    const refused = await q(...restore, '--passphrase-file', wrong);
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr).toContain('DECRYPTION_FAILED');
    expect(await run(...restore, '--passphrase-file', passphrase, '--json')).toMatchObject({
      keysFound: true,
    });
    const copy = await startNodeProcess({ dataFolder: data, keysFolder: own });
    await copy.stop();
    expect(await readFile(join(own, 'root.key'))).toEqual(
      await readFile(join(keysFolder(), 'root.key')),
    );
  });
});

describe('a restored copy', () => {
  it('spends nothing and changes nothing until its operator says that the old node is gone', async () => {
    const dataFolder = await restored('fenced');
    const start = () => startNodeProcess({ dataFolder, keysFolder: keysFolder() });
    const [writer] = world.writers;
    const [buyer] = world.buyers;
    if (writer === undefined || buyer === undefined) throw new Error('nobody is there');
    const put = { type: 'copy', key: 'k', cid: CONTENT, tags: [] };
    const { listingId } = world;
    let copy = await start();
    try {
      const before = await holds(copy);
      expect(
        await codeOf(
          clientOf(copy.address, buyer).result(qmarket.purchase, { listingId, ...purchase }),
        ),
      ).toBe('NODE_FENCED');
      expect(await codeOf(asAgent(copy).result(qmarket.purchase, { listingId, ...purchase }))).toBe(
        'NODE_FENCED',
      );
      expect(await codeOf(clientOf(copy.address, writer).result(qindex.put, put))).toBe(
        'NODE_FENCED',
      );
      expect(await holds(copy)).toBe(before);
      const running = await q('unfence', '--data', dataFolder, GONE);
      expect(running).toMatchObject({ code: 1 });
      expect(running.stderr).toContain('stop it first');
    } finally {
      await copy.stop();
    }
    const unsaid = await q('unfence', '--data', dataFolder);
    expect(unsaid).toMatchObject({ code: 1 });
    expect(await q('unfence', '--data', dataFolder, GONE)).toMatchObject({ code: 0 });

    copy = await start();
    try {
      const bought = await clientOf(copy.address, buyer).result(qmarket.purchase, {
        listingId,
        ...purchase,
      });
      expect(bought.code).toBe('SUCCESS');
      // Its token ended with the copy; what was left of its budget too.
      expect(await codeOf(asAgent(copy).result(qmarket.purchase, { listingId, ...purchase }))).toBe(
        'GRANT_REVOKED',
      );
      const { budgets } = await clientOf(copy.address, buyer).call(qonsent.budget, {
        grant: world.agent.grant,
      });
      expect(budgets[0]?.left).toBe('0');
      const operator = await asOperator(copy);
      const { items } = await operator.call(qerberos.search, { op: 'node.unfence' });
      expect(items).toHaveLength(1);
      expect(await operator.call(qerberos.logStatus, {})).toMatchObject({ ok: true });
      // Its log has a name of its own, so that the same keys never sign two trees of one name.
      expect(copy.address.logKey).not.toBe(world.logKey);
    } finally {
      await copy.stop();
    }
  });
});

describe('a backup that is not whole', () => {
  const copyOf = async (name: string): Promise<{ folder: string; backup: string }> => {
    const folder = join(scratch, name);
    await cp(backups, folder, { recursive: true });
    const [backup] = (await readdir(folder)).filter((entry) => entry !== 'content');
    return { folder, backup: join(folder, backup ?? '') };
  };
  const refused = async (folder: string, name: string): Promise<string> => {
    const data = join(scratch, `${name}-data`);
    const ended = await q('restore', folder, '--data', data, '--keys', keysFolder());
    expect(ended.code).toBe(1);
    // Nothing of it stays.
    expect((await readdir(scratch)).filter((entry) => entry.startsWith(`${name}-data`))).toEqual(
      [],
    );
    return ended.stderr;
  };

  it('is refused with the name of the file that was changed', async () => {
    const { folder, backup } = await copyOf('changed');
    const file = join(backup, 'node.sqlite');
    const bytes = await readFile(file);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    await writeFile(file, bytes);
    expect(await refused(folder, 'changed')).toContain(file);
  });

  it('is refused where the manifest was made to fit', async () => {
    const { folder, backup } = await copyOf('forged');
    const file = join(backup, 'manifest.json');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace(/"open": \d+/, '"open": 77'));
    expect(await refused(folder, 'forged')).toContain('it was changed');
  });

  it('is refused with the name of the block that is missing or was changed', async () => {
    const { folder } = await copyOf('block');
    const content = join(folder, 'content/blocks');
    const [block] = (await readdir(content, { recursive: true })).filter((path) =>
      path.includes('bafkrei'),
    );
    const file = join(content, block ?? '');
    await writeFile(file, 'something else');
    expect(await refused(folder, 'block')).toContain(file);
    await rm(file);
    expect(await refused(folder, 'block')).toContain('the block is missing');
  });

  it('leaves nothing that looks whole when it was interrupted at any moment', async () => {
    const { dataFolder } = foldersOf(world.folder);
    for (const wait_ms of [300, 450, 600]) {
      const folder = join(scratch, `interrupted-${wait_ms}`);
      const child = spawnQ(['backup', folder, '--data', dataFolder]);
      const exited = new Promise((resolve) => child.once('exit', resolve));
      await new Promise((resolve) => setTimeout(resolve, wait_ms));
      child.kill('SIGKILL');
      await exited;
      const names = await readdir(folder).catch((): string[] => []);
      const whole = names.filter((name) => !name.startsWith('.') && name !== 'content');
      const data = join(scratch, `interrupted-data-${wait_ms}`);
      const ended = await q('restore', folder, '--data', data, '--keys', keysFolder());
      expect(ended.code).toBe(whole.length === 0 ? 1 : 0);
    }
  });
});
