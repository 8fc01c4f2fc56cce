import {
  ACCOUNT_RESULTS,
  accountResultOf,
  AccountFlag,
  BATCH_EVENTS_MAX,
  LedgerState,
  readU128,
  readU64,
  TIMESTAMP_MAX,
  TRANSFER_RESULTS,
  TransferFlag,
  transferResultOf,
  wordsOf,
  writeU128,
  writeU64,
} from '../src/index.ts';
import { Books } from '../src/books.ts';
import { BALANCE_WORDS } from '../src/layout.ts';

/** Events of a batch in these tables: how far time goes on where pending transfers end. */
const PULSE_NS = 30n;

const MAX = { 128: 2n ** 128n - 1n, 64: 2n ** 64n - 1n, 32: 2n ** 32n - 1n, 16: 65_535n };

/** A column: `_` is nothing, a letter is a label, and a minus counts from the greatest number. */
function numberOf(text: string | undefined, bits: keyof typeof MAX): bigint {
  if (text === undefined || text === '_') return 0n;
  const digits = text.replace(/^[A-Z]/, '');
  return digits.startsWith('-') ? MAX[bits] - BigInt(digits.slice(1)) : BigInt(digits);
}

const flagsOf = (columns: readonly string[], bits: readonly number[]): number =>
  columns.reduce((flags, column, index) => (column === '_' ? flags : flags | bits[index]!), 0);

const A = AccountFlag;
const ACCOUNT_FLAGS = [
  A.LINKED,
  A.DEBITS_MUST_NOT_EXCEED_CREDITS,
  A.CREDITS_MUST_NOT_EXCEED_DEBITS,
  A.HISTORY,
  A.IMPORTED,
  A.CLOSED,
];
const T = TransferFlag;
const TRANSFER_FLAGS = [
  T.LINKED,
  T.PENDING,
  T.POST_PENDING,
  T.VOID_PENDING,
  T.BALANCING_DEBIT,
  T.BALANCING_CREDIT,
  T.IMPORTED,
  T.CLOSING_DEBIT,
  T.CLOSING_CREDIT,
];

function accountRecord(columns: readonly string[]): Uint32Array {
  const words = new Uint32Array(32);
  for (let index = 0; index < 5; index++)
    writeU128(words, index * 4, numberOf(columns[index], 128));
  writeU128(words, 20, numberOf(columns[5], 128));
  writeU64(words, 24, numberOf(columns[6], 64));
  words[26] = Number(numberOf(columns[7], 32));
  words[27] = Number(numberOf(columns[8], 32));
  words[28] = Number(numberOf(columns[9], 32));
  const flags =
    flagsOf(columns.slice(11, 17), ACCOUNT_FLAGS) | (Number(numberOf(columns[17], 16)) << 6);
  words[29] = Number(numberOf(columns[10], 16)) | (flags << 16);
  writeU64(words, 30, numberOf(columns[18], 64));
  return words;
}

function transferRecord(columns: readonly string[]): Uint32Array {
  const words = new Uint32Array(32);
  for (let index = 0; index < 6; index++)
    writeU128(words, index * 4, numberOf(columns[index], 128));
  writeU64(words, 24, numberOf(columns[6], 64));
  words[26] = Number(numberOf(columns[7], 32));
  words[27] = Number(numberOf(columns[8], 32));
  words[28] = Number(numberOf(columns[9], 32));
  const flags =
    flagsOf(columns.slice(11, 20), TRANSFER_FLAGS) | (Number(numberOf(columns[20], 16)) << 9);
  words[29] = Number(numberOf(columns[10], 16)) | (flags << 16);
  writeU64(words, 30, numberOf(columns[21], 64));
  return words;
}

/** Runs one file of tables against fresh books. @returns what came out otherwise than expected */
export function problemsOf(text: string): string[] {
  const run = new TableRun();
  for (const raw of text.split('\n')) {
    const line = raw
      .replace(/#.*$/, '')
      .replace(/\/\/.*$/, '')
      .trim();
    if (line !== '') run.row(line.split(/\s+/));
  }
  return run.problems;
}

type Query = (columns: readonly string[]) => readonly string[];

class TableRun {
  readonly problems: string[] = [];
  #books = new Books({ keepsAllBalances: true });
  #state = new LedgerState({}, this.#books);
  #opened = new Set<string>();
  /** Time of the last batch. */
  #time = 0n;
  #rows: (readonly string[])[] = [];

  row(columns: readonly string[]): void {
    const [action, ...rest] = columns;
    if (action === 'setup') this.#setup(rest);
    else if (action === 'tick') this.#tick(rest);
    else if (action === 'commit') this.#commit(rest[0]!);
    else this.#rows.push(columns);
  }

  #setup([account, ...balances]: readonly string[]): void {
    const id = new Uint32Array(4);
    writeU128(id, 0, numberOf(account, 128));
    const index = this.#books.accounts.find(id, 0);
    balances.forEach((value, balance) =>
      writeU128(
        this.#books.accounts.balances,
        index * BALANCE_WORDS + balance * 4,
        numberOf(value, 128),
      ),
    );
  }

  #tick([value, unit]: readonly string[]): void {
    const amount = BigInt(value!.replace('-', '')) * (unit === 'seconds' ? 1_000_000_000n : 1n);
    this.#time += value!.startsWith('-') ? TIMESTAMP_MAX - amount : amount;
    this.#pulse();
  }

  #pulse(): void {
    if (this.#state.expiryDueAt() > this.#time) return;
    this.#time += 1n + PULSE_NS;
    this.#state.expirePending(new Uint8Array(BATCH_EVENTS_MAX * 128), this.#time);
  }

  #commit(operation: string): void {
    const rows = this.#rows;
    this.#rows = [];
    const isCreate = operation.startsWith('create_');
    this.#time += 1n + (isCreate ? BigInt(rows.length) : 0n);
    const isDue = this.#state.expiryDueAt() <= this.#time;
    if (operation === 'create_accounts') this.#createAccounts(rows);
    else if (operation === 'create_transfers') this.#createTransfers(rows);
    else this.#ask(operation, rows);
    if (isDue) this.#pulse();
  }

  /**
   * The files do not mark where the books are empty again: it is where an account is opened that an
   * earlier batch opened.
   */
  #beginAnewFor(rows: readonly (readonly string[])[]): void {
    const opens = rows.filter((row) => row.at(-1) === 'created').map(([, id]) => id!);
    if (opens.some((id) => this.#opened.has(id))) {
      this.#books = new Books({ keepsAllBalances: true });
      this.#state = new LedgerState({}, this.#books);
      this.#opened = new Set();
      this.#time = 1n + BigInt(rows.length);
    }
    for (const id of opens) this.#opened.add(id);
  }

  #createAccounts(rows: readonly (readonly string[])[]): void {
    this.#beginAnewFor(rows);
    const batch = batchOf(rows.map(([, ...columns]) => accountRecord(columns)));
    const results = new Uint32Array(rows.length);
    this.#state.createAccounts(batch, rows.length, this.#time, results);
    rows.forEach((row, index) => this.#expect(row, accountResultOf(results[index]!), row.at(-1)!));
  }

  #createTransfers(rows: readonly (readonly string[])[]): void {
    const batch = batchOf(rows.map(([, ...columns]) => transferRecord(columns)));
    const results = new Uint32Array(rows.length);
    this.#state.createTransfers(batch, rows.length, this.#time, results);
    rows.forEach((row, index) => this.#expect(row, transferResultOf(results[index]!), row.at(-1)!));
  }

  #ask(operation: string, rows: readonly (readonly string[])[]): void {
    if (operation.startsWith('lookup_')) {
      for (const [action, ...columns] of rows)
        this.#expect(
          [action!, ...columns],
          action === 'lookup_account' ? this.#account(columns) : this.#transfer(columns),
          columns.slice(1).map(canonical).join(' '),
        );
      return;
    }
    const [[, ...columns] = []] = rows;
    const expected = rows.slice(1).map(([, ...result]) => {
      // An account of which no balances are told has none.
      const isUntouched = operation === 'query_accounts' && result[1] === '_';
      return (isUntouched ? [result[0]!, '0', '0', '0', '0', '_'] : result)
        .map(canonical)
        .join(' ');
    });
    const answer = this.#queries[operation]!(columns);
    this.#expect([operation, ...columns], answer.join('; '), expected.join('; '));
  }

  #account([id]: readonly string[]): string {
    const record = this.#state.queries.account(numberOf(id, 128));
    return record === undefined ? '_' : balancesText(wordsOf(record));
  }

  #transfer([id, what]: readonly string[]): string {
    const record = this.#state.queries.transfer(numberOf(id, 128));
    if (what === 'exists') return `exists ${record !== undefined}`;
    if (record === undefined) return 'nothing';
    const words = wordsOf(record);
    return what === 'amount' ? `amount ${readU128(words, 12)}` : `timestamp ${readU64(words, 30)}`;
  }

  readonly #queries: Readonly<Record<string, Query>> = {
    get_account_transfers: (columns) =>
      this.#state.queries.accountTransfers(this.#accountFilter(columns)).map(idText),
    get_account_balances: (columns) =>
      this.#state.queries
        .accountBalances(this.#accountFilter(columns))
        .map((balance) =>
          [
            this.#transferAt(balance.timestamp),
            balance.debitsPending,
            balance.debitsPosted,
            balance.creditsPending,
            balance.creditsPosted,
          ].join(' '),
        ),
    query_accounts: (columns) =>
      this.#state.queries
        .accounts(this.#queryFilter(columns, (id) => this.#state.queries.account(id)))
        .map((record) => `${idText(record)} ${balancesText(wordsOf(record))}`),
    query_transfers: (columns) =>
      this.#state.queries
        .transfers(this.#queryFilter(columns, (id) => this.#state.queries.transfer(id)))
        .map(idText),
    get_change_events: ([min, max, limit]) =>
      this.#state.queries
        .changes({
          timestampMin: this.#instantOf(min),
          timestampMax: this.#instantOf(max),
          limit: Number(numberOf(limit, 32)),
        })
        .map((change) => {
          const words = wordsOf(change.transfer);
          const isLater = change.type === 'expired';
          const types = { single_phase: '_', pending: 'PEN', posted: 'POS', voided: 'VOI' };
          const pendingId = isLater ? readU128(words, 0) : readU128(words, 16);
          return [
            isLater ? 'EXP' : types[change.type as keyof typeof types],
            isLater ? '_' : readU128(words, 0),
            readU128(words, 12),
            pendingId === 0n ? '_' : pendingId,
            ...[change.debit, change.credit].flatMap((account) => [
              account.id,
              account.debitsPending,
              account.debitsPosted,
              account.creditsPending,
              account.creditsPosted,
              (account.flags & A.CLOSED) === 0 ? '_' : 'CLSD',
            ]),
          ].join(' ');
        }),
  };

  #accountFilter(columns: readonly string[]) {
    const [id, user128, user64, user32, code, min, max, limit, debits, credits, reversed] = columns;
    return {
      accountId: numberOf(id, 128),
      userData128: numberOf(user128, 128),
      userData64: numberOf(user64, 64),
      userData32: Number(numberOf(user32, 32)),
      code: Number(numberOf(code, 16)),
      timestampMin: this.#instantOf(min),
      timestampMax: this.#instantOf(max),
      limit: Number(numberOf(limit, 32)),
      debits: debits !== '_',
      credits: credits !== '_',
      isReversed: reversed !== '_',
    };
  }

  #queryFilter(columns: readonly string[], find: (id: bigint) => Uint8Array | undefined) {
    const [user128, user64, user32, ledger, code, min, max, limit, reversed] = columns;
    return {
      userData128: numberOf(user128, 128),
      userData64: numberOf(user64, 64),
      userData32: Number(numberOf(user32, 32)),
      ledger: Number(numberOf(ledger, 32)),
      code: Number(numberOf(code, 16)),
      timestampMin: this.#instantOf(min, find),
      timestampMax: this.#instantOf(max, find),
      limit: Number(numberOf(limit, 32)),
      isReversed: reversed !== '_',
    };
  }

  /** When the transfer (or account) with an id was created. */
  #instantOf(
    id: string | undefined,
    find = (of: bigint) => this.#state.queries.transfer(of),
  ): bigint {
    return id === '_' ? 0n : readU64(wordsOf(find(numberOf(id, 128))!), 30);
  }

  #transferAt(timestamp: bigint): bigint {
    const [record] = this.#state.queries.transfers({
      timestampMin: timestamp,
      timestampMax: timestamp,
      limit: 1,
    });
    return readU128(wordsOf(record!), 0);
  }

  #expect(row: readonly string[], actual: string, expected: string): void {
    if (actual !== expected)
      this.problems.push(`${row.join(' ')}: got ${actual}, expected ${expected}`);
  }
}

/** A column in one form: labels gone, numbers counted from the greatest written out. */
function canonical(column: string): string {
  return /^[A-Z]?-?\d+$/.test(column) ? String(numberOf(column, 128)) : column;
}

const idText = (record: Uint8Array): string => String(readU128(wordsOf(record), 0));

function balancesText(words: Uint32Array): string {
  const balances = [4, 8, 12, 16].map((at) => readU128(words, at));
  const isClosed = ((words[29]! >>> 16) & A.CLOSED) !== 0;
  return [...balances, isClosed ? 'CLSD' : '_'].join(' ');
}

export function batchOf(records: readonly Uint32Array[]): Uint8Array {
  const words = new Uint32Array(records.length * 32);
  records.forEach((record, index) => words.set(record, index * 32));
  return new Uint8Array(words.buffer);
}

/** Every name in the tables of results, so that a table that names another one is noticed. */
export const NAMES = new Set([...Object.keys(ACCOUNT_RESULTS), ...Object.keys(TRANSFER_RESULTS)]);
