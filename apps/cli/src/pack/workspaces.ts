import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The package.json of a workspace, as far as it matters here. */
export interface PackageFile {
  readonly name: string;
  readonly version: string;
  readonly exports?: Readonly<Record<string, string | Compiled>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly [member: string]: unknown;
}

/** Where a published package has an entry. */
export interface Compiled {
  readonly types: string;
  readonly default: string;
}

/** A package that others build on: what it says of itself, and where it lies. */
export interface Workspace {
  /** From the root of the repository: packages/kernel. */
  readonly path: string;
  readonly file: PackageFile;
}

const FOLDERS = ['engines', 'packages', 'modules'];
/** The node is built on as well: a test starts one, and so does a program of one's own. */
const APPS = ['apps/node'];

/** Every package of the repository that can be published, by path. */
export async function publishable(root: string): Promise<Workspace[]> {
  const below = await Promise.all(
    FOLDERS.map(async (folder) =>
      (await readdir(join(root, folder), { withFileTypes: true }))
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => `${folder}/${name}`),
    ),
  );
  return Promise.all(
    [...below.flat().toSorted(), ...APPS].map(async (path) => ({
      path,
      file: JSON.parse(await readFile(join(root, path, 'package.json'), 'utf8')) as PackageFile,
    })),
  );
}
