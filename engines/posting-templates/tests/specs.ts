import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  needs,
  parseTemplate,
  run,
  type Outcome,
  type Posting,
  type Template,
} from '../src/index.ts';

/** Specs of Numscript: a script `name.num`, and beside it `name.num.specs.json` with its cases. */
const root = process.env['Q_VECTORS'] ?? join(import.meta.dirname, '../../../../shared/vectors');
export const folder = join(root, 'ledger/numscript');

interface Amount {
  readonly account: string;
  readonly asset: string;
  readonly amount: number;
  readonly color?: string;
}

type Texts = Readonly<Record<string, string>>;
type Accounts = Readonly<Record<string, Texts>>;

interface Given {
  readonly balances?: readonly Amount[];
  readonly variables?: Texts;
  readonly metadata?: Accounts;
}

type Moved = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, number>>>>>>;

interface Case extends Given {
  readonly it: string;
  readonly skip?: boolean;
  readonly 'expect.postings'?: readonly {
    readonly source: string;
    readonly destination: string;
    readonly asset: string;
    readonly amount: number;
    readonly color?: string;
  }[];
  readonly 'expect.txMetadata'?: Texts;
  readonly 'expect.metadata'?: Accounts;
  readonly 'expect.error.missingFunds'?: boolean;
  readonly 'expect.error.negativeAmount'?: boolean;
  readonly 'expect.movements'?: Moved;
  readonly 'expect.endBalances'?: readonly Amount[];
  readonly 'expect.endBalances.include'?: readonly Amount[];
}

export interface SpecCase {
  readonly name: string;
  readonly script: string;
  readonly given: Given;
  readonly spec: Case;
}

/** Every case of every file of the folder; the inputs of a file are those of its cases, unless these say otherwise. */
export function casesOf(path = folder): SpecCase[] {
  if (!existsSync(path)) return [];
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith('.num.specs.json'))
    .toSorted()
    .flatMap((name) => {
      const file = JSON.parse(readFileSync(join(path, name), 'utf8')) as Given & {
        readonly testCases: readonly Case[];
      };
      const script = readFileSync(join(path, name.replace('.specs.json', '')), 'utf8');
      return file.testCases.map((spec) => ({
        name: `${name.replace('.num.specs.json', '')}: ${spec.it}`,
        script,
        given: {
          balances: [...(file.balances ?? []), ...(spec.balances ?? [])],
          variables: { ...file.variables, ...spec.variables },
          metadata: { ...file.metadata, ...spec.metadata },
        },
        spec,
      }));
    });
}

const keyOf = (account: string, asset: string, color = ''): string =>
  [account, asset, color].join(' ');

const balancesOf = ({ balances = [] }: Given): Map<string, bigint> =>
  new Map(
    balances.map(({ account, asset, color, amount }) => [
      keyOf(account, asset, color),
      BigInt(amount),
    ]),
  );

/** Runs a case with what `needs` asked for, and nothing else. */
function outcomeOf(template: Template, given: Given): Outcome {
  const held = balancesOf(given);
  const balances = new Map<string, bigint>();
  const metadata = new Map<string, string | null>();
  for (;;) {
    const wanted = needs(template, given.variables, {
      balances: (...key) => balances.get(keyOf(...key)),
      metadata: (account, key) => metadata.get(keyOf(account, key)),
    });
    if (wanted.balances.length === 0 && wanted.metadata.length === 0) break;
    for (const { account, asset, color } of wanted.balances)
      balances.set(keyOf(account, asset, color), held.get(keyOf(account, asset, color)) ?? 0n);
    for (const { account, key } of wanted.metadata)
      metadata.set(keyOf(account, key), given.metadata?.[account]?.[key] ?? null);
  }
  return run(template, {
    ...(given.variables === undefined ? {} : { variables: given.variables }),
    balances: (...key) => known(balances.get(keyOf(...key)), key.join(' ')),
    metadata: (account, key) =>
      known(metadata.get(keyOf(account, key)), `${account} ${key}`) ?? undefined,
  });
}

function known<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`the run read ${name}, which was not among its needs`);
  return value;
}

/**
 * Amounts in the files were written from floating point: from 2^53 on they are the nearest double.
 */
const same = (actualMinor: bigint, written: number): boolean =>
  Number.isSafeInteger(written) ? actualMinor === BigInt(written) : Number(actualMinor) === written;

const lineOf = (...parts: readonly unknown[]): string => parts.join(' ');

function problemsOfPostings(actual: readonly Posting[], spec: Case): string[] {
  const expected = spec['expect.postings'];
  if (expected === undefined) return [];
  const equal =
    expected.length === actual.length &&
    expected.every(({ source, destination, asset, amount, color = '' }, index) => {
      const posting = actual[index]!;
      return (
        posting.source === source &&
        posting.destination === destination &&
        posting.asset === asset &&
        (posting.color ?? '') === color &&
        same(posting.amountMinor, amount)
      );
    });
  if (equal) return [];
  return [
    ...expected.map((e) => lineOf('expected', e.source, e.destination, e.amount, e.asset, e.color)),
    ...actual.map((a) => lineOf('got', a.source, a.destination, a.amountMinor, a.asset, a.color)),
  ];
}

function problemsOfMetadata(
  actual: ReadonlyMap<string, ReadonlyMap<string, string>>,
  expected: Accounts | undefined,
): string[] {
  if (expected === undefined) return [];
  const got = JSON.stringify(
    [...actual].map(([name, entries]) => [name, [...entries].toSorted()]).toSorted(),
  );
  const wanted = JSON.stringify(
    Object.entries(expected)
      .map(([name, entries]) => [name, Object.entries(entries).toSorted()])
      .toSorted(),
  );
  return got === wanted ? [] : [`expected ${wanted}`, `got ${got}`];
}

function endBalances(given: Given, postings: readonly Posting[]): Map<string, bigint> {
  const end = balancesOf(given);
  const add = (key: string, deltaMinor: bigint): unknown =>
    end.set(key, (end.get(key) ?? 0n) + deltaMinor);
  for (const { source, destination, asset, color, amountMinor } of postings) {
    add(keyOf(source, asset, color), -amountMinor);
    add(keyOf(destination, asset, color), amountMinor);
  }
  return end;
}

function problemsOfBalances(given: Given, postings: readonly Posting[], spec: Case): string[] {
  const all = spec['expect.endBalances'];
  const expected = all ?? spec['expect.endBalances.include'] ?? [];
  const end = endBalances(given, postings);
  const problems = expected
    .filter(
      ({ account, asset, color, amount }) =>
        !same(end.get(keyOf(account, asset, color)) ?? 0n, amount),
    )
    .map(({ account, asset, amount }) => lineOf('expected', account, amount, asset));
  const named = new Set(expected.map(({ account, asset, color }) => keyOf(account, asset, color)));
  const others = all === undefined ? [] : [...end.keys()].filter((key) => !named.has(key));
  return [...problems, ...others.map((key) => `not expected: ${key}`)];
}

function problemsOfMovements(postings: readonly Posting[], expected: Moved | undefined): string[] {
  if (expected === undefined) return [];
  const sums = new Map<string, bigint>();
  for (const { source, destination, asset, amountMinor } of postings) {
    const key = lineOf(source, destination, asset);
    sums.set(key, (sums.get(key) ?? 0n) + amountMinor);
  }
  const wanted = Object.entries(expected).flatMap(([source, to]) =>
    Object.entries(to).flatMap(([destination, assets]) =>
      Object.entries(assets).map(([asset, amount]) => ({
        key: lineOf(source, destination, asset),
        amount,
      })),
    ),
  );
  const missed = wanted.filter(({ key, amount }) => !same(sums.get(key) ?? 0n, amount));
  const keys = new Set(wanted.map(({ key }) => key));
  return [
    ...missed.map(({ key }) => `expected ${key}`),
    ...[...sums.keys()].filter((key) => !keys.has(key)),
  ];
}

const UNDERSTOOD = new Set([
  'expect.postings',
  'expect.txMetadata',
  'expect.metadata',
  'expect.error.missingFunds',
  'expect.error.negativeAmount',
  'expect.movements',
  'expect.endBalances',
  'expect.endBalances.include',
]);

/** How an outcome differs from what a case expects; nothing where it does not. */
export function problemsOf({ script, given, spec }: SpecCase): string[] {
  const unknown = Object.keys(spec).filter(
    (key) => key.startsWith('expect.') && !UNDERSTOOD.has(key),
  );
  if (unknown.length > 0) return [`this cannot be compared: ${unknown.join(', ')}`];
  const outcome = outcomeOf(parseTemplate(script), given);
  const reason = spec['expect.error.missingFunds']
    ? 'missing-funds'
    : spec['expect.error.negativeAmount']
      ? 'amount-negative'
      : undefined;
  if (!outcome.ok)
    return outcome.refusal.reason === reason ? [] : [`refused: ${outcome.refusal.message}`];
  if (reason !== undefined) return [`not refused for ${reason}`];
  return [
    ...problemsOfPostings(outcome.postings, spec),
    ...problemsOfMetadata(
      new Map([['transaction', outcome.transactionMetadata]]),
      spec['expect.txMetadata'] && { transaction: spec['expect.txMetadata'] },
    ),
    ...problemsOfMetadata(outcome.accountMetadata, spec['expect.metadata']),
    ...problemsOfBalances(given, outcome.postings, spec),
    ...problemsOfMovements(outcome.postings, spec['expect.movements']),
  ];
}
