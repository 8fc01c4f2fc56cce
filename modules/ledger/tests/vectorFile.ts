import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AccountRequest, TransferRequest } from '../src/books/requests.ts';
import { ACCOUNT_FLAGS, TRANSFER_FLAGS } from '../src/flags.ts';

const root =
  process.env['Q_VECTORS'] ?? fileURLToPath(new URL('../../../../shared/vectors', import.meta.url));
const folder = `${root}/ledger/tigerbeetle`;

/** Whether the tables of TigerBeetle's state machine are on this machine. */
export const haveVectors = existsSync(folder);
if (!haveVectors) console.warn(`ledger vectors not found in ${folder}: their tests are skipped`);

export const vectorNames: readonly string[] = haveVectors
  ? readdirSync(folder)
      .filter((name) => name.endsWith('.txt'))
      .toSorted()
  : [];

export interface Amounts {
  readonly debitsPendingMinor: bigint;
  readonly debitsPostedMinor: bigint;
  readonly creditsPendingMinor: bigint;
  readonly creditsPostedMinor: bigint;
}

interface Row {
  readonly expected: string;
  readonly unfit: string | undefined;
  /** The time of a row that is imported, as the table has it. */
  readonly importedAt: bigint | undefined;
}

/** One action of a table. `unfit` says why this store has no words for a row. */
export type Action =
  | ({ kind: 'account'; request: AccountRequest } & Row)
  | ({ kind: 'transfer'; request: TransferRequest } & Row)
  | { kind: 'setup'; id: string; balances: Amounts }
  | { kind: 'tick'; ms: number }
  | { kind: 'lookupAccount'; id: string; balances: Amounts | undefined }
  | { kind: 'lookupTransfer'; id: string; field: string; value: string }
  | { kind: 'query'; operation: string; columns: string[] }
  | { kind: 'queryResult'; columns: string[] }
  | { kind: 'commit'; operation: string };

/** The largest u128: what -0 means in an amount or an id. */
export const U128_MAX = 2n ** 128n - 1n;

/** The largest time that a column can have. */
export const TIME_MAX = 2n ** 64n - 1n;

const number = (text: string | undefined, max = U128_MAX): bigint => {
  if (text === undefined || text === '_') return 0n;
  if (text.startsWith('-')) return max - BigInt(text.slice(1));
  return BigInt(text.replace(/^[A-Z]/, ''));
};

/** Ledgers as units without decimal places, so that an amount is its own minor amount. */
const UNITS: Readonly<Record<string, string>> = { 1: 'JPY', 2: 'KRW', 6: 'VND', 7: 'CLP' };
const unitOf = (ledger: bigint): string => UNITS[String(ledger)] ?? 'ISK';
const idOf = (value: bigint): string => `n${value}`;
const idOrNone = (value: bigint): string | undefined => (value === 0n ? undefined : idOf(value));

const userDataOf = (parts: readonly (string | undefined)[]): string | undefined => {
  const values = parts.map((part) => number(part));
  return values.every((value) => value === 0n) ? undefined : values.join('|');
};

const flagsOf = (
  columns: readonly string[],
  words: Readonly<Record<string, number | undefined>>,
): number => columns.reduce((bits, word) => bits | (words[word] ?? 0), 0);

const amountsOf = (columns: readonly (string | undefined)[]): Amounts => ({
  debitsPendingMinor: number(columns[0]),
  debitsPostedMinor: number(columns[1]),
  creditsPendingMinor: number(columns[2]),
  creditsPostedMinor: number(columns[3]),
});

const isId = (value: bigint): boolean => value !== 0n && value !== U128_MAX;

function toAccount(c: readonly string[]): Action {
  const id = number(c[0]);
  const importedAt = c.includes('IMP') ? number(c[18], TIME_MAX) : undefined;
  const unfit = c.includes('CLSD')
    ? 'account that opens closed'
    : !isId(id)
      ? 'id that no call can carry'
      : c.slice(1, 5).some((x) => number(x) !== 0n) ||
          [c[8], c[17]].some((x) => number(x) !== 0n) ||
          (importedAt === undefined && number(c[18]) !== 0n)
        ? 'member that the contract does not have'
        : undefined;
  const ledger = number(c[9]);
  return {
    kind: 'account',
    unfit,
    importedAt,
    expected: c[19]!,
    request: {
      id: idOf(id),
      unit: ledger === 0n ? '' : unitOf(ledger),
      code: Number(number(c[10])),
      flags: flagsOf(c.slice(11, 17), {
        LNK: ACCOUNT_FLAGS.linked,
        'D<C': ACCOUNT_FLAGS.debits_must_not_exceed_credits,
        'C<D': ACCOUNT_FLAGS.credits_must_not_exceed_debits,
        HIST: ACCOUNT_FLAGS.history,
      }),
      userData: userDataOf(c.slice(5, 8)),
    },
  };
}

function toTransfer(c: readonly string[]): Action {
  const [id, debit, credit] = [number(c[0]), number(c[1]), number(c[2])];
  const importedAt = c.slice(11, 20).includes('IMP') ? number(c[21], TIME_MAX) : undefined;
  const unfit =
    !isId(id) || [debit, credit, number(c[4])].includes(U128_MAX)
      ? 'id that no call can carry'
      : number(c[20]) !== 0n || (importedAt === undefined && number(c[21]) !== 0n)
        ? 'member that the contract does not have'
        : undefined;
  const flags = flagsOf(c.slice(11, 20), {
    LNK: TRANSFER_FLAGS.linked,
    PEN: TRANSFER_FLAGS.pending,
    POS: TRANSFER_FLAGS.post_pending,
    VOI: TRANSFER_FLAGS.void_pending,
    BDR: TRANSFER_FLAGS.balancing_debit,
    BCR: TRANSFER_FLAGS.balancing_credit,
    CDR: TRANSFER_FLAGS.closing_debit,
    CCR: TRANSFER_FLAGS.closing_credit,
  });
  const amount = number(c[3]);
  // "All of it" is the largest amount when posting or balancing and 0 when voiding; here it is absent.
  const takesAll =
    TRANSFER_FLAGS.post_pending | TRANSFER_FLAGS.balancing_debit | TRANSFER_FLAGS.balancing_credit;
  const isAll =
    ((flags & takesAll) !== 0 && amount === U128_MAX) ||
    ((flags & TRANSFER_FLAGS.void_pending) !== 0 && amount === 0n);
  const ledger = number(c[9]);
  const code = Number(number(c[10]));
  return {
    kind: 'transfer',
    unfit,
    importedAt,
    expected: c[22]!.replace(/_user_data_(128|64|32)$/, '_user_data'),
    request: {
      id: idOf(id),
      debitAccountId: idOrNone(debit),
      creditAccountId: idOrNone(credit),
      amountMinor: isAll ? undefined : amount,
      pendingId: idOrNone(number(c[4])),
      userData: userDataOf(c.slice(5, 8)),
      timeout_s: Number(number(c[8], 2n ** 32n - 1n)),
      unit: ledger === 0n ? undefined : unitOf(ledger),
      code: code === 0 ? undefined : code,
      flags,
    },
  };
}

function toAction(line: string): Action {
  const [word, ...c] = line.split(/\s+/);
  switch (word) {
    case 'account':
      return toAccount(c);
    case 'transfer':
      return toTransfer(c);
    case 'setup':
      return { kind: 'setup', id: idOf(number(c[0])), balances: amountsOf(c.slice(1)) };
    case 'tick': {
      // A negative tick counts from the largest timestamp: far beyond any timeout of these tables.
      const value = c[0]!.startsWith('-') ? 10 ** 12 : Number(c[0]);
      return { kind: 'tick', ms: c[1] === 'seconds' ? value * 1000 : 0 };
    }
    case 'lookup_account': {
      const balances = c[1] === '_' ? undefined : amountsOf(c.slice(1));
      return { kind: 'lookupAccount', id: idOf(number(c[0])), balances };
    }
    case 'lookup_transfer':
      return { kind: 'lookupTransfer', id: idOf(number(c[0])), field: c[1]!, value: c[2]! };
    case 'commit':
      return { kind: 'commit', operation: c[0]! };
    default:
      return word!.endsWith('_result')
        ? { kind: 'queryResult', columns: c }
        : { kind: 'query', operation: word!, columns: c };
  }
}

/**
 * The tables of a file, each the actions from an empty ledger on. The converted files do not mark
 * where a new ledger begins; it does where an account is opened that an earlier batch opened.
 */
export function readVector(name: string): Action[][] {
  const actions = readFileSync(`${folder}/${name}`, 'utf8')
    .split('\n')
    .map((line) => line.replace(/(^#.*)|(\/\/.*)/, '').trim())
    .filter((line) => line !== '')
    .map(toAction);
  const tables: Action[][] = [[]];
  let batch: Action[] = [];
  let opened = new Set<string>();
  for (const action of actions) {
    batch.push(action);
    if (action.kind !== 'commit') continue;
    const opens = batch.flatMap((row) =>
      row.kind === 'account' && row.expected === 'created' ? [row.request.id] : [],
    );
    if (opens.some((id) => opened.has(id))) {
      tables.push([]);
      opened = new Set();
    }
    for (const id of opens) opened.add(id);
    tables.at(-1)!.push(...batch);
    batch = [];
  }
  return tables;
}

export { idOf, number, unitOf, userDataOf };
