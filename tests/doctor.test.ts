import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { startNodeProcess } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { foldersOf } from './purchaseWorld.ts';
import { q } from './qCommand.ts';

interface Told {
  readonly ok: boolean;
  readonly findings: readonly { check: string; state: string; found: string; fix?: string }[];
}

let folder: string;
const doctor = async (...args: string[]): Promise<Told> => {
  const { dataFolder } = foldersOf(folder);
  return JSON.parse((await q('doctor', '--data', dataFolder, '--json', ...args)).stdout) as Told;
};
const stateOf = ({ findings }: Told, check: string) =>
  findings.find((one) => one.check === check)?.state;
/** Changes the data of a node that does not run. */
const change = (sql: string): void => {
  const db = new DatabaseSync(join(foldersOf(folder).dataFolder, 'node.sqlite'));
  db.exec(sql);
  db.close();
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'q-doctor-'));
  const node = await startNodeProcess(foldersOf(folder));
  const accounts = [{ id: 'till', unit: 'EUR', code: 1, flags: [] }];
  const { dataFolder } = foldersOf(folder);
  const opened = await q(
    'call',
    'ledger.createAccounts',
    JSON.stringify({ accounts }),
    '--data',
    dataFolder,
  );
  if (opened.code !== 0) throw new Error(opened.stderr);
  // Its address stays behind.
  await node.kill();
}, 240_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('q doctor', () => {
  it('finds what a killed node left, that there is no backup, and mends what it safely can', async () => {
    const { dataFolder, keysFolder } = foldersOf(folder);
    await chmod(dataFolder, 0o755);
    await chmod(join(keysFolder, 'operator.key'), 0o644);
    const before = await doctor();
    expect(stateOf(before, 'Address')).toBe('warn');
    expect(stateOf(before, 'Folder mode')).toBe('warn');
    expect(stateOf(before, 'Operator key')).toBe('fail');
    expect(stateOf(before, 'Backup')).toBe('warn');
    expect(stateOf(before, 'Log')).toBe('ok');
    expect(stateOf(before, 'Ledger log')).toBe('ok');
    expect(stateOf(before, 'Clock')).toBe('ok');
    expect(stateOf(before, 'Fence')).toBe('ok');
    expect(stateOf(before, 'Tables')).toBe('ok');
    // Nothing is found without a word on what to do.
    expect(before.findings.filter((one) => one.state !== 'ok' && one.fix === undefined)).toEqual(
      [],
    );

    const after = await doctor('--fix');
    expect(stateOf(after, 'Address')).toBeUndefined();
    expect(stateOf(after, 'Folder mode')).toBe('ok');
    expect(stateOf(after, 'Operator key')).toBe('ok');
    expect((await stat(join(keysFolder, 'operator.key'))).mode & 0o777).toBe(0o600);
    await expect(readFile(join(dataFolder, 'node.json'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('finds the page of the books that somebody changed, before the node refuses to start', async () => {
    const { dataFolder, keysFolder } = foldersOf(folder);
    const segment = join(dataFolder, 'logs/ledger/log-00000000');
    const bytes = await readFile(segment);
    const changed = Buffer.from(bytes);
    changed[300]! ^= 1;
    await writeFile(segment, changed);
    const told = await doctor();
    expect(told.ok).toBe(false);
    expect(told.findings.find(({ check }) => check === 'Ledger log')).toMatchObject({
      state: 'fail',
      found: expect.stringMatching(/page 0 .*damaged/),
      fix: expect.stringContaining('./q restore'),
    });
    const start = await q('up', '--data', dataFolder, '--keys', keysFolder, '--port', '0');
    expect(start.code).not.toBe(0);
    expect(start.stderr).toMatch(/The books in .* are damaged: page 0/);
    await writeFile(segment, bytes);
    expect(stateOf(await doctor(), 'Ledger log')).toBe('ok');
  });

  it('finds a clock that was set back, a fence, an old backup, and a log that lacks records', async () => {
    const { dataFolder } = foldersOf(folder);
    change(`INSERT INTO kernel_meta (key, value) VALUES ('fence', '2026-01-01T00:00:00.000Z')`);
    change(`INSERT INTO log_record (cid, tenant, op, code, at_ms, sealed)
            VALUES ('later', '-', 'x', 'x', ${Date.now() + 7_200_000}, x'00')`);
    change(`UPDATE log_checkpoint SET size = size + 1`);
    await writeFile(
      join(dataFolder, 'last-backup.json'),
      JSON.stringify({ at: '2026-01-01T00:00:00.000Z', folder: 'backups' }),
    );
    const found = await doctor();
    expect(found.ok).toBe(false);
    expect(stateOf(found, 'Fence')).toBe('warn');
    expect(stateOf(found, 'Log')).toBe('fail');
    expect(stateOf(found, 'Clock')).toBe('fail');
    expect(found.findings.find((one) => one.check === 'Backup')?.found).toContain('days old');
  });
});
