import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '@anarq/common-schemas';
import type { Workspace } from './workspaces.ts';

/** A file of this package that is named at run time, such as the code of a worker. */
const NAMED_FILE = /new URL\((['"])(\.{1,2}\/[^'"]+)\.ts\1, import\.meta\.url\)/g;
/** Declarations keep the endings of their sources; the compiler leaves them. */
const DECLARED_IMPORT = /((?:from |import\()\s*['"]\.{1,2}\/[^'"]+)\.ts(['"])/g;

/**
 * Compiles the sources of packages to JavaScript and declarations, below a folder in the layout of
 * the repository.
 * @throws STATE_CONFLICT with what the compiler said
 */
export async function compile(
  root: string,
  workspaces: readonly Workspace[],
  to: string,
): Promise<void> {
  await mkdir(to, { recursive: true });
  const config = join(to, 'tsconfig.json');
  await writeFile(
    config,
    JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      compilerOptions: {
        noEmit: false,
        declaration: true,
        rewriteRelativeImportExtensions: true,
        rootDir: root,
        outDir: to,
        typeRoots: [join(root, 'node_modules/@types')],
      },
      include: workspaces.map(({ path }) => join(root, path, 'src')),
      exclude: [],
    }),
  );
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const said = await new Promise<string | undefined>((resolve) => {
    execFile(process.execPath, [tsc, '-p', config], { cwd: root }, (error, stdout) =>
      resolve(error === null ? undefined : stdout),
    );
  });
  if (said !== undefined)
    fail('STATE_CONFLICT', `The sources do not compile: ${said.slice(0, 2_000)}`);
  for (const { path } of workspaces) await mendEndings(join(to, path, 'src'));
}

/** What names a source file by its ending names the compiled one afterwards. */
async function mendEndings(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const before = await readFile(file, 'utf8');
    const after = file.endsWith('.d.ts')
      ? before.replaceAll(DECLARED_IMPORT, '$1.js$2')
      : before.replaceAll(NAMED_FILE, 'new URL($1$2.js$1, import.meta.url)');
    if (after !== before) await writeFile(file, after);
  }
}
