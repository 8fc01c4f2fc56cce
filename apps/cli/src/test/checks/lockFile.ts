import { join } from 'node:path';

import { textOf } from '../files.ts';

/** The part of package-lock.json (lockfileVersion 3) and package.json that the checks read. */
export interface LockedPackage {
  version?: string;
  license?: string;
  dev?: boolean;
  optional?: boolean;
  link?: boolean;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

/**
 * Reads `package-lock.json`.
 *
 * @returns every entry by its folder, `''` being the root.
 * @throws Error where the file is missing or of another version.
 */
export async function readLockFile(root: string): Promise<Map<string, LockedPackage>> {
  const text = await textOf(join(root, 'package-lock.json'));
  if (text === undefined) throw new Error('package-lock.json is missing');
  // The format is npm's; only its version is checked, since npm wrote the file.
  const lock = JSON.parse(text) as {
    lockfileVersion: number;
    packages: Record<string, LockedPackage>;
  };
  if (lock.lockfileVersion !== 3) throw new Error('package-lock.json: expected lockfileVersion 3');
  return new Map(Object.entries(lock.packages));
}

const kinds = ['dependencies', 'devDependencies', 'optionalDependencies'] as const;

/**
 * Whether each package.json of the house asks for exactly what package-lock.json recorded of it;
 * where not, an install would choose versions by itself.
 *
 * @returns what differs, a line each.
 */
export async function lockFileProblems(root: string): Promise<string[]> {
  const problems: string[] = [];
  for (const [folder, locked] of await readLockFile(root)) {
    if (folder.includes('node_modules/')) continue;
    const path = folder === '' ? 'package.json' : `${folder}/package.json`;
    const text = await textOf(join(root, path));
    if (text === undefined) {
      problems.push(`${path}: in package-lock.json, but missing`);
      continue;
    }
    const manifest = JSON.parse(text) as LockedPackage;
    for (const kind of kinds) {
      if (canonical(manifest[kind]) !== canonical(locked[kind])) {
        problems.push(`${path}: its ${kind} differ from package-lock.json; run npm install`);
      }
    }
  }
  return problems;
}

function canonical(dependencies: Record<string, string> = {}): string {
  return JSON.stringify(Object.entries(dependencies).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
