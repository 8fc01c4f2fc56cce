import { execFile } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const neverOurs = new Set(['node_modules', '.git', '.q', 'coverage']);

/**
 * The files of the project: what git tracks, and what it would track if added. Without git (an
 * unpacked archive) all files outside the usual ignored folders.
 *
 * @param root the repository.
 * @returns paths relative to the root, with `/`, sorted.
 */
export async function projectFiles(root: string): Promise<string[]> {
  try {
    const { stdout } = await run(
      'git',
      ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
      { cwd: root, maxBuffer: 64 * 1024 * 1024 },
    );
    return stdout.split('\0').filter(Boolean).toSorted();
  } catch {
    return (await walk(root, root)).toSorted();
  }
}

async function walk(root: string, folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (neverOurs.has(entry.name)) continue;
    if (entry.isDirectory()) found.push(...(await walk(root, path)));
    else if (entry.isFile()) found.push(relative(root, path).split(sep).join('/'));
  }
  return found;
}

/** The text of a file; undefined where there is none, or where it is not text (holds a NUL). */
export async function textOf(path: string): Promise<string | undefined> {
  try {
    const text = await readFile(path, 'utf8');
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}
