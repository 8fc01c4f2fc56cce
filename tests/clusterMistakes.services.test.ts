import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { q, spawnQ, type Ended } from './qCommand.ts';

const MINUTES_MS = 240_000;

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'q-mistakes-'));
});
afterAll(async () => {
  await cluster(join(root, 'stopped'), 'down');
  await rm(root, { recursive: true, force: true });
}, MINUTES_MS);

const cluster = (folder: string, ...words: string[]): Promise<Ended> =>
  q('cluster', ...words, '--data', folder);
const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

describe('q cluster, where something is wrong', { timeout: MINUTES_MS }, () => {
  it.each([
    ['status'],
    ['down'],
    ['kill', 'n1'],
    ['heal'],
    ['partition', 'n1', 'n2'],
    ['add'],
    ['remove', 'n1'],
    ['load'],
    ['delay', '5'],
  ])('%s says that there is no cluster', async (...words) => {
    const folder = join(root, 'none');
    const { code, stderr } = await cluster(folder, ...words);
    expect([code, stderr]).toEqual([1, expect.stringContaining('STATE_CONFLICT')]);
    expect(stderr).toContain('There is no cluster here');
    expect(await isThere(folder)).toBe(false);
  });

  it.each([
    ['below a file', 'file/below', 'ENOTDIR'],
    ['that is a file', 'file', 'ENOTDIR'],
    ['whose sockets have too long a name', 'x'.repeat(120), 'bytes too long'],
    ['with a damaged plan', 'half', 'is damaged'],
    ['with a plan of something else', 'other', 'is damaged'],
  ])('up refuses a folder %s', async (_what, name, said) => {
    await writeFile(join(root, 'file'), '');
    for (const [folder, plan] of [
      ['half', '{"chain":'],
      ['other', '{"members":[]}'],
    ] as const) {
      await mkdir(join(root, folder), { recursive: true });
      await writeFile(join(root, folder, 'cluster.json'), plan);
    }
    const { code, stderr } = await cluster(join(root, name), 'up');
    expect([code, stderr]).toEqual([1, expect.stringContaining('FOLDER_UNUSABLE')]);
    expect(stderr).toContain(said);
  });

  it('a start that is stopped leaves no process, and the next goes on with its keys', async () => {
    const folder = join(root, 'stopped');
    const child = spawnQ(['cluster', 'up', '--nodes', '1', '--data', folder]);
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    await expect
      .poll(() => isThere(join(folder, 'supervisor.log')), { timeout: MINUTES_MS })
      .toBe(true);
    child.kill('SIGINT');
    expect([await ended, said]).toEqual([1, expect.stringContaining('CANCELLED')]);
    expect((await cluster(folder, 'status')).stderr).toContain('This cluster is down');
    expect((await cluster(folder, 'logs', 'n2')).stderr).toContain('There is no node n2');
    // As a start leaves it that was killed before it wrote the plan.
    await rm(join(folder, 'cluster.json'));
    await rm(join(folder, 'n1'), { recursive: true });
    const both = await Promise.all([1, 2].map(() => cluster(folder, 'up', '--nodes', '1')));
    expect(both.map(({ code }) => code).toSorted()).toEqual([0, 1]);
    const added = await cluster(folder, 'add', '--follower', '--json');
    expect(added.code).toBe(0);
    expect(JSON.parse(added.stdout)).toMatchObject({ members: [{ name: 'n1' }, { name: 'n2' }] });
    expect((await cluster(folder, 'remove', 'n2', '--json')).code).toBe(0);
    const down = await cluster(folder, 'down', '--json');
    expect([down.code, down.stdout.trim()]).toEqual([0, '{"ok":true}']);
    expect((await cluster(folder, 'down')).stderr).toContain('This cluster is down');
  });
});
