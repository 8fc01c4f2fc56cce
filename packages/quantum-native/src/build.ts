import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  commandsFor,
  findCompiler,
  findHeaders,
  isSupportedMachine,
  recipeOf,
  type Command,
  type Compiler,
} from './compiler.ts';

const run = promisify(execFile);

const SOURCE_FOLDER = join(import.meta.dirname, '../native');
/** A compiler that takes longer hangs. */
const COMPILE_MS_MAX = 300_000;
const OUTPUT_BYTES_MAX = 1_000_000;

/** Where an addon of these sources, this Node and this compiler lies, built or not. */
export interface Place {
  readonly compiler: Compiler;
  readonly headers: string;
  readonly folder: string;
  /** Its addon, once it was built. */
  readonly addon: string;
  /** Says why it could not be built, once that was tried. */
  readonly failure: string;
}

/**
 * Finds out what there is to build with.
 * @returns a sentence where there is nothing
 */
export async function findPlace(cache = cacheFolder()): Promise<Place | string> {
  if (!isSupportedMachine()) return `there are no kernels for ${process.platform} ${process.arch}`;
  const compiler = await findCompiler();
  if (compiler === undefined)
    return 'there is no C++ compiler (c++, g++, clang++, or the one that CXX names)';
  const headers = await findHeaders();
  if (headers === undefined)
    return `the Node at ${process.execPath} came without its headers; the one that ./q installs has them`;
  const folder = join(cache, await keyOf(compiler));
  return {
    compiler,
    headers,
    folder,
    addon: join(folder, 'quantum.node'),
    failure: join(folder, 'failure.txt'),
  };
}

/** Beside the other things that can be made again; `Q_NATIVE_CACHE` names another folder. */
const cacheFolder = (): string =>
  process.env['Q_NATIVE_CACHE'] ??
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'q-native');

async function keyOf(compiler: Compiler): Promise<string> {
  const hash = createHash('sha256');
  hash.update(`${recipeOf(compiler)}\0${process.versions.modules}\0`);
  for (const name of (await readdir(SOURCE_FOLDER)).toSorted())
    hash.update(`${name}\0`).update(await readFile(join(SOURCE_FOLDER, name)));
  return hash.digest('hex').slice(0, 24);
}

export const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

/**
 * Builds the addon: some seconds. Who builds at the same time builds another copy, and the last one stays.
 * @returns what the compiler said, where it could not be built; this is kept, so that it is not tried again
 */
export async function build(place: Place): Promise<string | undefined> {
  const work = `${place.folder}.${process.pid}`;
  await mkdir(work, { recursive: true, mode: 0o700 });
  try {
    const commands = commandsFor(place.compiler, place.headers, SOURCE_FOLDER, work);
    await inTurns(commands.compile, Math.min(availableParallelism(), 4));
    await call(commands.link);
    await mkdir(place.folder, { recursive: true, mode: 0o700 });
    await rename(commands.addon, place.addon);
    return undefined;
  } catch (error) {
    const why = saidBy(error);
    await mkdir(place.folder, { recursive: true, mode: 0o700 });
    await writeFile(place.failure, why);
    return why;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Several at a time; the first that fails ends it. */
async function inTurns(commands: readonly Command[], atOnce: number): Promise<void> {
  const waiting = [...commands];
  const take = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await call(next);
  };
  await Promise.all(Array.from({ length: atOnce }, take));
}

const call = ({ file, args }: Command): Promise<unknown> =>
  run(file, [...args], { timeout: COMPILE_MS_MAX, maxBuffer: OUTPUT_BYTES_MAX });

/** The compiler's first lines say what is wrong. */
function saidBy(error: unknown): string {
  const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
  return (said.trim() || String(error)).split('\n').slice(0, 12).join('\n');
}
