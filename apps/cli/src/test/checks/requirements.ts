import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { verdictOf } from '../check.ts';
import type { Verdict } from '../check.ts';
import { textOf } from '../files.ts';

/** Which requirement is met, and the test that shows it: one row each. */
export const requirementsPath = 'docs/requirements.tsv';

/** Rooms of the house that are finished: each of their rows has a test here, or a reason in docs/adr. */
const SETTLED_HOMES: ReadonlySet<string> = new Set([
  'kernel',
  'contracts',
  'module-kit',
  'mcp',
  'store-sql',
  'bus',
  'testing',
  'gateway',
  'observability',
  'decimal',
  'ledger',
  'dag',
]);
const reasonsPath = 'docs/adr';

const header = 'id\trequirement\ttest file\ttest name';
const idShape = /^Q[IEVXD]-\d{3}$/;

/** What stands before a title: a call of it, test or describe, or of what `it.each(…)` returned. */
const opensTest = /(?:\b(?:it|test|describe)(?:\.\w+)*|\))\(\s*$/;

/**
 * Whether every row of docs/requirements.tsv names a well-formed id once per test, a test file
 * that exists, and a test in it by its exact title. Where the full list of requirements lies beside
 * the repository, the id must stand there, and no row of a settled home is without test and reason.
 */
export async function checkRequirements(root: string): Promise<Verdict> {
  const text = await textOf(join(root, requirementsPath));
  if (text === undefined) return verdictOf([`${requirementsPath} is missing`]);
  const [first, ...rows] = text.replace(/\n+$/, '').split('\n');
  if (first !== header) {
    return verdictOf([`${requirementsPath}: expected the header ${JSON.stringify(header)}`]);
  }
  const known = await knownIds(root);
  const seen = new Set<string>();
  const problems: string[] = [];
  for (const [index, row] of rows.entries()) {
    const problem = seen.has(row) ? 'the same row twice' : await rowProblem(root, row, known);
    seen.add(row);
    if (problem !== undefined) problems.push(`${requirementsPath}:${index + 2}: ${problem}`);
  }
  const met = new Set(rows.map((row) => row.split('\t')[0] ?? ''));
  return verdictOf([...problems, ...(await unsettled(root, known, met))]);
}

/** Every id that is demanded, and its home; undefined where the full list is not here. */
async function knownIds(root: string): Promise<ReadonlyMap<string, string> | undefined> {
  const text = await textOf(join(root, '..', 'shared', 'requirements.tsv'));
  if (text === undefined) return undefined;
  const rows = text.split('\n').map((row) => row.split('\t'));
  return new Map(rows.map((columns) => [columns[0] ?? '', columns[5] ?? '']));
}

/** Rows of settled homes that have neither a test nor a reason. */
async function unsettled(
  root: string,
  known: ReadonlyMap<string, string> | undefined,
  met: ReadonlySet<string>,
): Promise<string[]> {
  const open = [...(known ?? [])].filter(([id, home]) => SETTLED_HOMES.has(home) && !met.has(id));
  if (open.length === 0) return [];
  const folder = join(root, reasonsPath);
  const names = await readdir(folder).catch((): string[] => []);
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  const given = new Set(texts.flatMap((text) => text.match(/\bQ[IEVXD]-\d{3}\b/g) ?? []));
  return open
    .filter(([id]) => !given.has(id))
    .map(([id, home]) => `${id} (${home}) has no test here, and no reason in ${reasonsPath}`);
}

async function rowProblem(
  root: string,
  row: string,
  known: ReadonlyMap<string, string> | undefined,
): Promise<string | undefined> {
  const columns = row.split('\t');
  const [id = '', requirement = '', file = '', title = ''] = columns;
  if (columns.length !== 4) return `expected 4 columns, found ${columns.length}`;
  if (!idShape.test(id)) return `${JSON.stringify(id)} is no id; expected QI-001 or the like`;
  if (known !== undefined && !known.has(id)) return `${id} is no requirement`;
  if (requirement.trim() === '') return `${id} says no requirement`;
  const source = await textOf(join(root, file));
  if (source === undefined || file === '') return `${id}: no test file ${JSON.stringify(file)}`;
  if (!hasTest(source, title)) return `${id}: ${file} has no test ${JSON.stringify(title)}`;
  return undefined;
}

/** Whether a test or a group with this title is written in the source as a literal. */
function hasTest(source: string, title: string): boolean {
  if (title === '') return false;
  return ["'", '"', '`'].some((quote) => {
    const written = title.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`);
    const pieces = source.split(`${quote}${written}${quote}`);
    return pieces.slice(0, -1).some((before) => opensTest.test(before));
  });
}
