import { join } from 'node:path';

import { verdictOf } from '../check.ts';
import type { Verdict } from '../check.ts';
import { textOf } from '../files.ts';
import { lockFileProblems, readLockFile } from './lockFile.ts';
import type { LockedPackage } from './lockFile.ts';

/** SPDX identifiers that may be shipped with, or linked into, an Apache-2.0 project. */
const permissive = `MIT MIT-0 ISC 0BSD BSD-2-Clause BSD-3-Clause Apache-2.0 BlueOak-1.0.0
  CC0-1.0 Python-2.0 Unlicense Zlib`.split(/\s+/);

/** Weak copyleft and documents: fine in a tool that is run and not shipped. */
const forToolsOnly = ['MPL-2.0', 'CC-BY-4.0', 'CC-BY-3.0'];

/**
 * Whether an SPDX licence expression (SPDX 2.3, annex D: identifiers, AND, OR, parentheses) can be
 * met with allowed licences only.
 *
 * @param expression as in a package.json.
 * @param isTool whether the package is a development tool only.
 */
export function licenceAllowed(expression: string, isTool: boolean): boolean {
  const tokens = expression.match(/\(|\)|[^\s()]+/g) ?? [];
  let at = 0;
  const term = (): boolean => {
    const token = tokens[at++] ?? '';
    if (token !== '(')
      return permissive.includes(token) || (isTool && forToolsOnly.includes(token));
    const inside = either();
    return tokens[at++] === ')' && inside;
  };
  const both = (): boolean => {
    let allowed = term();
    while (tokens[at] === 'AND') {
      at++;
      allowed = term() && allowed;
    }
    return allowed;
  };
  const either = (): boolean => {
    let allowed = both();
    while (tokens[at] === 'OR') {
      at++;
      allowed = both() || allowed;
    }
    return allowed;
  };
  return either() && at === tokens.length;
}

/**
 * Whether every package that package-lock.json names, for production and for development, carries
 * an allowed licence in its own package.json; and whether the lock file is that of the project.
 * A binary for another platform is not installed here, so the lock file's word is taken for it.
 */
export async function checkLicences(root: string): Promise<Verdict> {
  const problems = await lockFileProblems(root);
  for (const [folder, locked] of await readLockFile(root)) {
    if (!folder.includes('node_modules/') || locked.link === true) continue;
    const licence = await licenceOf(root, folder, locked);
    const isTool = locked.dev === true;
    if (licence === undefined) problems.push(`${folder}: says no licence`);
    else if (!licenceAllowed(licence, isTool)) {
      problems.push(`${folder}: ${licence} is not allowed${isTool ? '' : ' in what is shipped'}`);
    }
  }
  return verdictOf(problems);
}

/** Before SPDX expressions, npm knew `license: { type }` and `licenses: [{ type }]`. */
interface LicenceFields {
  license?: string | { type: string };
  licenses?: readonly { type: string }[];
}

async function licenceOf(
  root: string,
  folder: string,
  locked: LockedPackage,
): Promise<string | undefined> {
  const text = await textOf(join(root, folder, 'package.json'));
  if (text === undefined) return locked.optional === true ? locked.license : undefined;
  const { license, licenses } = JSON.parse(text) as LicenceFields;
  if (typeof license === 'string') return license;
  return license?.type ?? licenses?.map(({ type }) => type).join(' OR ');
}
