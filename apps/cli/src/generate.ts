import { readdir, readFile, rm, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { AnyContract } from '@anarq/common-schemas';
import { DERIVED } from '@anarq/derive';
import { DERIVED_FOLDERS, derivedFiles, referenceFiles, watchingFiles } from '@anarq/derive/files';
import { gatePage } from './gates/page.ts';
import { kernelBinaries } from './generateKernels.ts';
import { LOCK_FILE, NO_LOCK, readLock, type FieldLock } from '@anarq/derive/proto';

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
const REFERENCE = 'docs/reference';
/** Every derived file says what it is within this many characters of its start. */
const NOTE_WITHIN_CHARS = 400;

export interface GenerateOptions {
  /** true: only compare. */
  readonly check: boolean;
  /** The repository; the default is the one that holds this file. */
  readonly root?: string;
  /** The contracts, where they are not those of the modules below `root`. */
  readonly contracts?: readonly AnyContract[];
}

/** Paths are relative to the root, with forward slashes, in order. */
export interface GenerateReport {
  /** What was, or with `check` is, not as the contracts say; the files of `removed` among them. */
  readonly stale: readonly string[];
  /** Derived files that no contract yields any more: deleted, or with `check` to be deleted. */
  readonly removed: readonly string[];
  /** How many files the contracts yield. */
  readonly checked: number;
}

/**
 * Writes the derived files of all modules and of the node, or compares them with what is there.
 * A file without the note of derived files is never deleted.
 * @throws Error for a contract that cannot be loaded or derived from
 */
export async function generate(options: GenerateOptions): Promise<GenerateReport> {
  const root = options.root ?? REPOSITORY;
  const contracts = options.contracts ?? (await findContracts(root));
  const expected = await expectedFiles(root, contracts);
  const kernels = options.contracts === undefined && (await kernelBinaries(root, options.check));
  if (kernels) expected.set(...kernels);
  // The gate table is the engine's, and no contract says it.
  if (options.contracts === undefined) expected.set(`${REFERENCE}/gates.md`, gatePage());
  const removed = await orphans(root, expected, options.contracts);
  const stale: string[] = [...removed];
  for (const [path, text] of expected) {
    if ((await textOf(join(root, path))) === text) continue;
    stale.push(path);
    if (options.check) continue;
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  if (!options.check) for (const path of removed) await rm(join(root, path));
  return { stale: stale.toSorted(), removed, checked: expected.size };
}

async function expectedFiles(
  root: string,
  contracts: readonly AnyContract[],
): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const contract of contracts)
    for (const [path, text] of derivedFiles(contract, contracts, await lockOf(root, contract)))
      files.set(`modules/${contract.name}/${path}`, text);
  for (const [path, text] of referenceFiles(contracts)) files.set(`${REFERENCE}/${path}`, text);
  for (const [path, text] of watchingFiles(contracts)) files.set(path, text);
  return files;
}

/** The field numbers that a module has given; its file is derived, and read before it is. */
async function lockOf(root: string, { name }: AnyContract): Promise<FieldLock> {
  const text = await textOf(join(root, 'modules', name, LOCK_FILE));
  return text === undefined ? NO_LOCK : readLock(text);
}

/**
 * The contracts of the modules below a root, in the order of their names.
 * @throws Error for a module whose src/contract.ts exports none, or one of another name
 */
export async function findContracts(root: string = REPOSITORY): Promise<AnyContract[]> {
  const contracts: AnyContract[] = [];
  for (const module of await folders(join(root, 'modules'))) {
    const path = join(root, 'modules', module, 'src', 'contract.ts');
    if ((await textOf(path)) === undefined) continue;
    const exported: Readonly<Record<string, unknown>> = await import(pathToFileURL(path).href);
    const contract = Object.values(exported).find(isContract);
    if (contract === undefined) throw new Error(`${path} exports no contract`);
    if (contract.name !== module)
      throw new Error(`${path}: the contract is named ${contract.name}, its folder ${module}`);
    contracts.push(contract);
  }
  return contracts;
}

function isContract(value: unknown): value is AnyContract {
  if (typeof value !== 'object' || value === null) return false;
  const { name, version, operations, events } = value as Partial<AnyContract>;
  return (
    typeof name === 'string' &&
    typeof version === 'string' &&
    typeof operations === 'object' &&
    typeof events === 'object'
  );
}

/** Derived files that nothing yields: in every module, or in those of the contracts given. */
async function orphans(
  root: string,
  expected: ReadonlyMap<string, string>,
  given: readonly AnyContract[] | undefined,
): Promise<string[]> {
  const modules = given?.map((contract) => contract.name) ?? (await folders(join(root, 'modules')));
  const places = [
    REFERENCE,
    ...modules.flatMap((module) => [
      `modules/${module}`,
      ...DERIVED_FOLDERS.map((folder) => `modules/${module}/${folder}`),
    ]),
  ];
  const found: string[] = [];
  for (const place of places)
    for (const file of await files(join(root, place))) {
      const path = `${place}/${file}`;
      if (expected.has(path)) continue;
      const text = await textOf(join(root, path));
      if (text?.slice(0, NOTE_WITHIN_CHARS).includes(DERIVED)) found.push(path);
    }
  return found.toSorted();
}

const folders = (path: string): Promise<string[]> => entries(path, true);
const files = (path: string): Promise<string[]> => entries(path, false);

async function entries(path: string, directories: boolean): Promise<string[]> {
  try {
    const found = await readdir(path, { withFileTypes: true });
    return found
      .filter((entry) => (directories ? entry.isDirectory() : entry.isFile()))
      .map((entry) => entry.name)
      .toSorted();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';
