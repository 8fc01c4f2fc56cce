import { cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Compiled, PackageFile, Workspace } from './workspaces.ts';

/** What stays in the repository: sources and tests, and what starts it there. */
const LEFT = new Set(['src', 'tests', 'node_modules', 'package.json', 'docker-compose.yml']);
const WITH_EACH = ['LICENSE', 'NOTICE'];

/** Lays out a package as it is published: compiled code, its papers, and a package.json that points there. */
export async function stage(
  root: string,
  { path, file }: Workspace,
  compiled: string,
  to: string,
): Promise<void> {
  await mkdir(to, { recursive: true });
  await cp(join(compiled, path, 'src'), join(to, 'dist'), { recursive: true });
  for (const name of await readdir(join(root, path)))
    if (!LEFT.has(name)) await cp(join(root, path, name), join(to, name), { recursive: true });
  for (const name of WITH_EACH) await cp(join(root, name), join(to, name));
  await writeFile(
    join(to, 'package.json'),
    `${JSON.stringify(publishedFile(file, path), null, 2)}\n`,
  );
}

/** A package.json for others: no longer private, its exports the compiled files and their types. */
export function publishedFile(file: PackageFile, path: string): PackageFile {
  const { private: _private, devDependencies: _dev, exports = {}, ...kept } = file;
  return {
    ...kept,
    description: `Q∞: ${path}`,
    engines: { node: '>=26' },
    exports: Object.fromEntries(
      Object.entries(exports).map(([name, source]) => [name, compiledOf(source)]),
    ),
  };
}

function compiledOf(source: string | Compiled): Compiled {
  if (typeof source !== 'string') return source;
  const stem = source.replace(/^\.\/src\//, './dist/').replace(/\.ts$/, '');
  return { types: `${stem}.d.ts`, default: `${stem}.js` };
}
