import { chmod, cp, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { canMount, smallDisk, startNodeProcess } from '@anarq/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { foldersOf } from './purchaseWorld.ts';
import { q } from './qCommand.ts';

interface Found {
  readonly check: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly found: string;
  readonly fix?: string;
}

/** A node that was stopped, to be copied and damaged. */
let whole: string;
let folder: string;
const dataFolder = () => foldersOf(folder).dataFolder;
const keysFolder = () => foldersOf(folder).keysFolder;

const doctor = async (...args: string[]): Promise<readonly Found[]> => {
  const { stdout } = await q('doctor', '--data', dataFolder(), '--json', ...args);
  const { findings } = JSON.parse(stdout) as { findings: Found[] };
  // Whatever is found, there is a word on what to do.
  expect(findings.filter((one) => one.state !== 'ok' && one.fix === undefined)).toEqual([]);
  return findings;
};
const stateOf = (findings: readonly Found[], check: string) =>
  findings.find((one) => one.check === check)?.state;
const change = (sql: string): void => {
  const db = new DatabaseSync(join(dataFolder(), 'node.sqlite'));
  db.exec(sql);
  db.close();
};

beforeAll(async () => {
  whole = await mkdtemp(join(tmpdir(), 'q-whole-'));
  const node = await startNodeProcess(foldersOf(whole));
  await node.stop();
}, 240_000);
afterAll(() => rm(whole, { recursive: true, force: true }));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'q-damaged-'));
  await cp(whole, folder, { recursive: true });
  await writeFile(join(dataFolder(), 'keys-folder'), `${keysFolder()}\n`);
  // The copy is a node of its own: no other store leans on its keys.
  for (const name of await readdir(keysFolder()))
    if (name.startsWith('store-')) await rm(join(keysFolder(), name));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('q doctor', { timeout: 120_000 }, () => {
  it('finds keys that others may read, and what a killed change of a key left, and mends both', async () => {
    const before = await doctor();
    for (const check of ['Key folder', 'Key files', 'Root key', 'Operator key'])
      expect([check, stateOf(before, check)]).toEqual([check, 'ok']);
    await chmod(keysFolder(), 0o777);
    await chmod(join(keysFolder(), 'identity-node'), 0o644);
    await writeFile(join(keysFolder(), 'root.key.abc.tmp'), 'half');
    const damaged = await doctor();
    expect(stateOf(damaged, 'Key folder')).toBe('fail');
    expect(stateOf(damaged, 'Key files')).toBe('fail');
    expect(stateOf(damaged, 'Left keys')).toBe('warn');
    const mended = await doctor('--fix');
    expect(stateOf(mended, 'Key folder')).toBe('ok');
    expect(stateOf(mended, 'Key files')).toBe('ok');
    expect(stateOf(mended, 'Left keys')).toBeUndefined();
    expect((await stat(join(keysFolder(), 'identity-node'))).mode & 0o777).toBe(0o600);
    expect((await readdir(keysFolder())).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('finds an earlier root key that is needed, or not any more, and a copy of the keys that is too old', async () => {
    const at = ['--data', dataFolder(), '--keys', keysFolder()];
    expect(await q('keys', 'rotate', ...at)).toMatchObject({ code: 0 });
    const rotated = await doctor();
    const earlier = rotated.find(({ check }) => check === 'Earlier root keys');
    expect(earlier?.state).toBe('warn');
    expect(earlier?.fix).toContain('start the node');
    expect(stateOf(rotated, 'Copy of the keys')).toBe('warn');
    // It may not be let go before the node has started: nothing was sealed anew.
    expect(stateOf(await doctor('--fix'), 'Earlier root keys')).toBe('warn');

    const node = await startNodeProcess(foldersOf(folder));
    await expect
      .poll(async () => (await doctor()).find(({ check }) => check === 'Earlier root keys')?.fix, {
        timeout: 60_000,
      })
      .toContain('stop the node');
    await node.stop();
    process.env['Q_PASSPHRASE'] = 'twelve or more characters';
    await q('backup', join(folder, 'backups'), ...at, '--with-keys');
    delete process.env['Q_PASSPHRASE'];
    const mended = await doctor('--fix');
    expect(mended.find(({ check }) => check === 'Earlier root keys')).toMatchObject({
      state: 'ok',
      found: 'forgotten',
    });
    expect(stateOf(mended, 'Copy of the keys')).toBe('ok');
    const again = await startNodeProcess(foldersOf(folder));
    await again.stop();
    expect(again.complaints).toEqual([]);
  });

  it('finds a process that needs somebody, tables that will change, and a clock that jumped', async () => {
    change(`INSERT INTO kernel_process (id, tenant, operation, version, kind, subject, actor, state, admission_sealed, record, created_ms, updated_ms)
            VALUES ('proc_x', 'home', 'x', '1', 'process', 'x', 'x', 'NEEDS_ATTENTION', x'00', 'x', 1, 1)`);
    change(`DELETE FROM _store_migrations WHERE module = 'qindex'`);
    const step = JSON.stringify({ by_ms: 3_600_000, at_ms: Date.now() - 60_000 });
    change(`INSERT INTO kernel_meta (key, value) VALUES ('clock_step', '${step}')`);
    const found = await doctor();
    expect(stateOf(found, 'Processes')).toBe('warn');
    expect(found.find(({ check }) => check === 'Tables')?.found).toContain('qindex');
    expect(found.find(({ check }) => check === 'Clock steps')?.found).toContain('3600 s forward');
    expect(stateOf(found, 'Clock')).toBe('ok');
  });

  it('finds data that cannot be read, keys that are gone, and what a killed restore left', async () => {
    await writeFile(join(dataFolder(), 'node.sqlite'), 'this was a database');
    await rm(join(keysFolder(), 'root.key'));
    const left = `${dataFolder()}.restoring-abc`;
    await mkdir(left);
    const found = await doctor();
    expect(stateOf(found, 'Data')).toBe('fail');
    expect(stateOf(found, 'Root key')).toBe('fail');
    expect(stateOf(found, 'Left copies')).toBe('warn');
    const mended = await doctor('--fix');
    expect(stateOf(mended, 'Left copies')).toBeUndefined();
    // What no command can bring back stays found.
    expect(stateOf(mended, 'Data')).toBe('fail');
    expect(stateOf(mended, 'Root key')).toBe('fail');
  });

  it('finds a node that hangs', async () => {
    const deaf = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
    const { port } = deaf.address() as { port: number };
    const address = { url: `http://127.0.0.1:${port}`, pid: process.pid, keysFolder: keysFolder() };
    await writeFile(join(dataFolder(), 'node.json'), JSON.stringify(address));
    const found = await doctor();
    expect(stateOf(found, 'Node')).toBe('fail');
    // Its process is there: the address is not taken for left.
    expect(stateOf(found, 'Address')).toBeUndefined();
    deaf.close();
  });

  it.skipIf(!canMount())('finds a disk that is nearly full, and removes profiles', async () => {
    const disk = await smallDisk(48);
    const home = folder;
    try {
      await cp(dataFolder(), join(disk.folder, 'data'), { recursive: true });
      folder = disk.folder;
      await mkdir(join(dataFolder(), 'profiles'));
      await writeFile(join(dataFolder(), 'profiles/old.cpuprofile'), '{}');
      expect(stateOf(await doctor(), 'Disk')).toBe('fail');
      await doctor('--fix');
      expect(await readdir(join(dataFolder(), 'profiles'))).toEqual([]);
    } finally {
      folder = home;
      await disk.remove();
    }
  });
});
