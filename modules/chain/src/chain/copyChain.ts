import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '@anarq/common-schemas';
import { hexOf } from '@anarq/dag';

/** In a folder that was put back from a copy: its node follows, and never speaks under the key of the one copied. */
export const RESTORED_FILE = 'restored';
const RESTORED_TEXT =
  'This folder is a copy of what a validator had at some time. Its node follows the chain under a key of its own, and\n' +
  'makes no block: two for one round are a proof against the key. To make it a validator, have the authority of the\n' +
  'chain name the key in follower.key. Delete this file only where the key has said nothing since the copy was made.\n';

const LOG_FILE = /^log-\d{8}$/;
const HISTORY_FILE = /^(\d{8}(-\d{8})?\.(warm|cold|archive|witness)|epochs\.trail)$/;
/** What a copy of a chain may hold. */
export const CHAIN_FILE =
  /^(genesis\.json|network\.json|validator\/(begin|log-\d{8})|history\/(\d{8}(-\d{8})?\.(warm|cold|archive|witness)|epochs\.trail))$/;
/** The files of a chain move now and then; so often in a row they do not. */
const TRIES_MAX = 8;

/**
 * Copies a chain that may be running meanwhile, without its keys: first where a start begins with the log behind it,
 * then the history, which is never behind that.
 * @returns the names of the files
 * @throws QError FOLDER_UNUSABLE
 */
export async function copyChain(from: string, to: string): Promise<readonly string[]> {
  await mkdir(to, { recursive: true, mode: 0o700 });
  const whole = ['genesis.json', 'network.json'];
  const there = (await readdir(from).catch(() => [])).filter((name) => whole.includes(name));
  if (!there.includes('genesis.json'))
    fail('FOLDER_UNUSABLE', `There is no chain in ${from}.`, { folder: from });
  for (const name of there) await copyFile(join(from, name), join(to, name));
  const log = await copiedWhole(join(from, 'validator'), join(to, 'validator'), LOG_FILE, 'begin');
  const history = await copiedWhole(join(from, 'history'), join(to, 'history'), HISTORY_FILE);
  return [
    ...there,
    ...log.map((name) => `validator/${name}`),
    ...history.map((name) => `history/${name}`),
  ];
}

/** Says in a folder that it is a copy. */
export const markRestored = (folder: string): Promise<void> =>
  writeFile(join(folder, RESTORED_FILE), RESTORED_TEXT, { mode: 0o600 });

/**
 * Copies files that are appended to, and now and then give way to others: again, until none came or went meanwhile.
 * @param mark a file that is replaced before others go, and so must be the same before and after
 */
async function copiedWhole(
  from: string,
  to: string,
  is: RegExp,
  mark?: string,
): Promise<readonly string[]> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    await rm(to, { recursive: true, force: true });
    await mkdir(to, { mode: 0o700 });
    const before = await stateOf(from, is, mark);
    const names = await namesIn(from, is);
    if (!(await copiedAll(from, to, names))) continue;
    if ((await stateOf(from, is, mark)) !== before) continue;
    const marked = mark === undefined ? undefined : await contentOf(join(from, mark));
    if (mark === undefined || marked === undefined) return names;
    await writeFile(join(to, mark), marked, { mode: 0o600 });
    // It may have been replaced since it was looked at.
    if ((await stateOf(from, is, mark)) === before) return [mark, ...names];
  }
  return fail('FOLDER_UNUSABLE', `${from} changes faster than it can be copied.`, { folder: from });
}

async function copiedAll(from: string, to: string, names: readonly string[]): Promise<boolean> {
  for (const name of names)
    try {
      await copyFile(join(from, name), join(to, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  return true;
}

/** What must not change while it is copied: which files there are, and what the mark says. */
async function stateOf(folder: string, is: RegExp, mark: string | undefined): Promise<string> {
  const marked = mark === undefined ? undefined : await contentOf(join(folder, mark));
  const names = await namesIn(folder, is);
  return `${names.join(' ')} ${marked === undefined ? '' : hexOf(marked)}`;
}

const namesIn = async (folder: string, is: RegExp): Promise<readonly string[]> =>
  (await readdir(folder).catch(() => [])).filter((name) => is.test(name)).toSorted();

async function contentOf(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
