import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { q, up } from './qCommand.ts';

/** Everything lies here, and nothing of the repository is above it. */
let world: string;
let module: string;
const TEN_MINUTES_MS = 600_000;

/** Runs npm in the module's folder, as somebody who never used it before. */
const npm = (...args: string[]): Promise<{ code: number; said: string }> =>
  new Promise((resolve) => {
    // How the network is reached stays; what an npm above this one set does not.
    const around = Object.entries(process.env).filter(([key]) => !/^npm_/i.test(key));
    const env = {
      ...Object.fromEntries(around),
      PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`,
      HOME: join(world, 'home'),
    };
    execFile('npm', args, { cwd: module, env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : 1, said: stdout + stderr }),
    );
  });

beforeAll(async () => {
  world = await mkdtemp(join(tmpdir(), 'q-outside-'));
  module = join(world, 'shelf');
  await mkdir(join(world, 'home'));
  const packages = join(world, 'packages');
  const steps = [
    () => q('pack', '--to', packages),
    () => q('new', 'module', 'shelf', '--at', module, '--packages', packages),
    () => npm('install', '--ignore-scripts', '--no-audit', '--no-fund'),
  ];
  for (const step of steps) {
    const ended = await step();
    if (ended.code !== 0) throw new Error(JSON.stringify(ended));
  }
}, TEN_MINUTES_MS);
afterAll(() => rm(world, { recursive: true, force: true }));

describe('a module made outside of the repository', { timeout: TEN_MINUTES_MS }, () => {
  it('builds on JavaScript and types, and on no source of ours', async () => {
    const kernel = join(module, 'node_modules/@anarq/kernel');
    const { exports: all, private: hidden } = JSON.parse(
      await readFile(join(kernel, 'package.json'), 'utf8'),
    ) as { exports: Record<string, { types: string; default: string }>; private?: boolean };
    expect(hidden).toBeUndefined();
    expect(all['.']).toEqual({ types: './dist/index.d.ts', default: './dist/index.js' });
    for (const file of ['dist/index.d.ts', 'dist/index.js', 'LICENSE'])
      expect((await readFile(join(kernel, file), 'utf8')).length).toBeGreaterThan(0);
    await expect(readFile(join(kernel, 'src/index.ts'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('has types that hold, and find what is wrong', async () => {
    const right = await npm('run', 'check');
    expect(right.code, right.said).toBe(0);
    const handler = join(module, 'src/handlers/read.ts');
    const text = await readFile(handler, 'utf8');
    await writeFile(handler, text.replace('input.itemId', 'input.itemID'));
    const wrong = await npm('run', 'check');
    await writeFile(handler, text);
    expect(wrong).toMatchObject({ code: 1 });
    expect(wrong.said).toContain("'itemID' does not exist");
  });

  it('passes its own test, against a node of the packages', async () => {
    const { code, said } = await npm('test');
    expect(code, said).toBe(0);
    expect(said).toMatch(/2 passed/);
  });

  it('is loaded by a node, and called', async () => {
    const data = join(world, 'data');
    const place = ['--data', data, '--module', module];
    const node = await up('--empty', '--keys', join(world, 'keys'), ...place);
    try {
      const added = await q('call', 'shelf.add', '{"text":"something to keep"}', ...place);
      expect(added.code, added.stderr).toBe(0);
      const { itemId } = JSON.parse(added.stdout) as { itemId: string };
      const read = await q('call', 'shelf.read', JSON.stringify({ itemId }), ...place);
      expect(JSON.parse(read.stdout)).toEqual({ itemId, text: 'something to keep' });
      const response = await fetch(`${String(node.address['url'])}/openapi.json`);
      expect(await response.text()).toContain('/shelf/items');
    } finally {
      await node.stop();
    }
  });
});
