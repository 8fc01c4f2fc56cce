import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeOutside } from '../src/newModule/writeOutside.ts';
import { loadOutside } from '../src/outsideModule.ts';
import { publishedFile } from '../src/pack/stage.ts';
import { publishable } from '../src/pack/workspaces.ts';

const ROOT = join(import.meta.dirname, '../../..');
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'q-pack-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a package that is published', () => {
  it('is every one that others build on, and depends on nothing that is not', async () => {
    const all = await publishable(ROOT);
    const names = new Set(all.map(({ file }) => file.name));
    expect(names).toContain('@anarq/kernel');
    expect(names).toContain('@anarq/testing');
    expect(names).not.toContain('@anarq/cli');
    for (const { file } of all)
      for (const needed of Object.keys(file.dependencies ?? {}))
        if (needed.startsWith('@anarq/')) expect(names).toContain(needed);
  });

  it('points to compiled files and their types, and is private no more', () => {
    const published = publishedFile(
      {
        name: '@anarq/store',
        version: '0.1.0',
        private: true,
        exports: { '.': './src/index.ts', './postgres': './src/postgres/store.ts' },
        dependencies: { pg: '1.0.0' },
        devDependencies: { vitest: '1.0.0' },
      },
      'packages/store',
    );
    expect(published).toEqual({
      name: '@anarq/store',
      version: '0.1.0',
      description: expect.any(String) as string,
      engines: { node: '>=26' },
      exports: {
        '.': { types: './dist/index.d.ts', default: './dist/index.js' },
        './postgres': {
          types: './dist/postgres/store.d.ts',
          default: './dist/postgres/store.js',
        },
      },
      dependencies: { pg: '1.0.0' },
    });
  });
});

describe('a module in a folder of its own', () => {
  it('takes the packages by version, or the tarballs that are named', async () => {
    const at = join(folder, 'shelf');
    await writeOutside({ root: ROOT, name: 'shelf', at });
    const { dependencies, devDependencies } = JSON.parse(
      await readFile(join(at, 'package.json'), 'utf8'),
    ) as Record<string, Record<string, string>>;
    expect(dependencies?.['@anarq/kernel']).toBe('0.1.0');
    expect(devDependencies?.['@anarq/testing']).toBe('0.1.0');
    expect(devDependencies?.['vitest']).toMatch(/^\d/);

    const packages = join(folder, 'packages');
    await expect(
      writeOutside({ root: ROOT, name: 'shelf', at: join(folder, 'b'), packages }),
    ).rejects.toMatchObject({ code: 'FOLDER_UNUSABLE' });
  });

  it('is not written over, and takes no name that is none', async () => {
    await writeFile(join(folder, 'something'), '');
    const order = { root: ROOT, name: 'shelf', at: folder };
    await expect(writeOutside(order)).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    const other = { root: ROOT, name: 'a b', at: join(folder, 'new') };
    await expect(writeOutside(other)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });
});

describe('a module that a node is to load', () => {
  const write = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };

  it.each([
    ['is not there', 'none.ts', undefined],
    ['has no default export', 'plain.mjs', 'export const a = 1;'],
    ['cannot be loaded', 'broken.mjs', 'export default ;'],
    [
      'has the name of one of the house',
      'same.mjs',
      "export default { contract: { name: 'qindex' }, handlers: {} };",
    ],
  ])('and that %s is refused', async (_what, name, text) => {
    const path = text === undefined ? join(folder, name) : await write(name, text);
    await expect(loadOutside(path)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('is found by its file, or by the package in its folder', async () => {
    const file = await write(
      'module.mjs',
      "export default { contract: { name: 'shelf' }, handlers: {} };",
    );
    await write('package.json', JSON.stringify({ exports: { '.': './module.mjs' } }));
    for (const path of [file, folder])
      expect((await loadOutside(path)).contract.name).toBe('shelf');
    await write('package.json', JSON.stringify({}));
    await expect(loadOutside(folder)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });
});
