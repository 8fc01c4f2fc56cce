import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fail } from '@anarq/common-schemas';
import { moduleFiles } from './templates.ts';

/** Also a word of the language that it is written in, so a short one is refused. */
const NAME = /^[a-z][a-z0-9]{2,23}$/;
const RESERVED = new Set(['new', 'for', 'let', 'var', 'try', 'class', 'const', 'import', 'export']);

const MODULES_TABLE = 'apps/node/src/modules.ts';
const NODE_PACKAGE = 'apps/node/package.json';
/** After the last module of the table. */
const TABLE_END = '} as const satisfies Record<';

/** @throws QError INPUT_INVALID */
export function checkName(name: string): void {
  if (!NAME.test(name) || RESERVED.has(name))
    fail(
      'INPUT_INVALID',
      `${name} is no name of a module: 3 to 24 of a-z and 0-9, a letter first.`,
    );
}

/**
 * Makes the folder of a module, and puts it into the node. All or nothing: what is there already is
 * found before anything is written.
 * @returns the paths that were written
 */
export async function writeModule(root: string, name: string): Promise<string[]> {
  checkName(name);
  const folder = join(root, 'modules', name);
  if ((await stat(folder).catch(() => undefined)) !== undefined)
    fail('STATE_CONFLICT', `modules/${name} is there already.`);
  const table = await textOf(root, MODULES_TABLE);
  const nodePackage = JSON.parse(await textOf(root, NODE_PACKAGE)) as {
    dependencies: Record<string, string>;
  };
  if (!table.includes(TABLE_END) || table.includes(`  ${name}: `))
    fail('STATE_CONFLICT', `${MODULES_TABLE} has no place for ${name}, or has it already.`);

  const written: string[] = [];
  const put = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
    written.push(path);
  };
  for (const [path, text] of moduleFiles(name)) await put(`modules/${name}/${path}`, text);
  const line = `  ${name}: () => import('@anarq/${name}'),\n`;
  await put(MODULES_TABLE, table.replace(TABLE_END, `${line}${TABLE_END}`));
  const dependencies = Object.fromEntries(
    Object.entries({ ...nodePackage.dependencies, [`@anarq/${name}`]: '0.1.0' }).toSorted(
      ([a], [b]) => (a < b ? -1 : 1),
    ),
  );
  await put(NODE_PACKAGE, `${JSON.stringify({ ...nodePackage, dependencies }, null, 2)}\n`);
  await linkPackage(root, name);
  return written;
}

/** As npm links a workspace, so that the module runs at once. */
async function linkPackage(root: string, name: string): Promise<void> {
  const scope = join(root, 'node_modules/@anarq');
  await mkdir(scope, { recursive: true });
  await symlink(join('../../modules', name), join(scope, name)).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    },
  );
}

const textOf = (root: string, path: string): Promise<string> =>
  readFile(join(root, path), 'utf8').catch((error: NodeJS.ErrnoException) =>
    fail('FOLDER_UNUSABLE', `${join(root, path)} cannot be read: ${error.code ?? error.message}.`),
  );
