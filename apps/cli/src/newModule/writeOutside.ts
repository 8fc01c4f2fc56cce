import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fail } from '@anarq/common-schemas';
import { publishable } from '../pack/workspaces.ts';
import { moduleFiles } from './templates.ts';
import { checkName } from './writeModule.ts';

interface OutsideOrder {
  /** The repository, whose packages the module builds on. */
  readonly root: string;
  readonly name: string;
  readonly at: string;
  /** Folder of tarballs; without it, the packages come from a registry. */
  readonly packages?: string | undefined;
}

const BUILDS_ON = ['@anarq/common-schemas', '@anarq/kernel', '@anarq/store'];
/** What a module is checked and tested with, in the versions of this repository. */
const TOOLS = ['@types/node', 'typescript', 'vitest'];

/**
 * Makes a module in a folder of its own, outside of the repository.
 * @returns the paths that were written
 * @throws QError STATE_CONFLICT where the folder has something in it
 */
export async function writeOutside(order: OutsideOrder): Promise<string[]> {
  const { root, name, at } = order;
  checkName(name);
  const there = await readdir(at).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return [];
    return fail('FOLDER_UNUSABLE', `${at} cannot be read: ${error.code ?? error.message}.`);
  });
  if (there.length > 0) fail('STATE_CONFLICT', `${at} is not empty.`);
  const files = new Map([
    ...moduleFiles(name),
    ['package.json', await packageOf(order)],
    ['tsconfig.json', await tsconfigOf(root)],
    ['.gitignore', 'node_modules/\n'],
  ]);
  for (const [path, text] of files) {
    await mkdir(dirname(join(at, path)), { recursive: true });
    await writeFile(join(at, path), text);
  }
  return [...files.keys()];
}

async function packageOf({ root, name, at, packages }: OutsideOrder): Promise<string> {
  const all = (await publishable(root)).map(({ file }) => file);
  const tarballs = packages === undefined ? undefined : await tarballsIn(packages);
  const sourceOf = ({ name: of, version }: { name: string; version: string }): string => {
    if (tarballs === undefined || packages === undefined) return version;
    // As npm names what it packs.
    const file = `${of.replace('@', '').replace('/', '-')}-${version}.tgz`;
    if (!tarballs.has(file))
      return fail('DEPENDENCY_MISSING', `${packages} has no ${file}: ./q pack --to ${packages}`);
    return `file:${relative(resolve(at), join(resolve(packages), file))}`;
  };
  const sources = new Map(all.map((file) => [file.name, sourceOf(file)]));
  const pick = (names: readonly string[]) =>
    Object.fromEntries(names.map((of) => [of, sources.get(of) ?? '']));
  const { devDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  // Tarballs name each other by version: npm takes those that stand here.
  const others = [...sources.keys()].filter((of) => !BUILDS_ON.includes(of));
  return `${JSON.stringify(
    {
      name,
      version: '0.1.0',
      private: true,
      type: 'module',
      engines: { node: '>=26' },
      exports: { '.': './src/module.ts', './contract': './src/contract.ts' },
      scripts: { test: 'vitest run', check: 'tsc' },
      dependencies: pick(BUILDS_ON),
      devDependencies: {
        ...pick(tarballs === undefined ? ['@anarq/testing'] : others),
        ...Object.fromEntries(TOOLS.map((tool) => [tool, devDependencies[tool] ?? 'latest'])),
      },
    },
    null,
    2,
  )}\n`;
}

const tarballsIn = async (folder: string): Promise<ReadonlySet<string>> =>
  new Set(
    await readdir(folder).catch((error: NodeJS.ErrnoException) =>
      fail('FOLDER_UNUSABLE', `${folder} cannot be read: ${error.code ?? error.message}.`),
    ),
  );

/** The compiler as this repository sets it. */
async function tsconfigOf(root: string): Promise<string> {
  const { compilerOptions } = JSON.parse(await readFile(join(root, 'tsconfig.json'), 'utf8')) as {
    compilerOptions: object;
  };
  return `${JSON.stringify({ compilerOptions, include: ['src', 'tests'] }, null, 2)}\n`;
}
