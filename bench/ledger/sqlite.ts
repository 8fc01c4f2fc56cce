import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { answerOrders, argumentOf } from '../measuring/child.ts';
import { numbersFrom } from './batches.ts';

/** The same accounts and transfers in SQLite: a write-ahead log, each commit synced in full. */
const { folder, accounts } = argumentOf<{ readonly folder: string; readonly accounts: number }>();
const db = new DatabaseSync(join(folder, 'sqlite'));
const random = numbersFrom(88_172_645);
let nextId = 1;

db.exec(`
  PRAGMA journal_mode = wal; PRAGMA synchronous = full;
  CREATE TABLE accounts (
    id INTEGER PRIMARY KEY, debits INTEGER NOT NULL, credits INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE transfers (
    id INTEGER PRIMARY KEY, debit INTEGER NOT NULL, credit INTEGER NOT NULL, amount INTEGER NOT NULL
  ) STRICT;
`);
const [begin, commit] = [db.prepare('BEGIN IMMEDIATE'), db.prepare('COMMIT')];
const [debit, credit, insert] = [
  db.prepare('UPDATE accounts SET debits = debits + ? WHERE id = ?'),
  db.prepare('UPDATE accounts SET credits = credits + ? WHERE id = ?'),
  db.prepare('INSERT INTO transfers (id, debit, credit, amount) VALUES (?, ?, ?, ?)'),
];
begin.run();
const open = db.prepare('INSERT INTO accounts (id, debits, credits) VALUES (?, 0, 0)');
for (let id = 1; id <= accounts; id++) open.run(id);
commit.run();

interface Order {
  readonly kind: 'load';
  /** Transfers of a transaction, and how many of these. */
  readonly batch: number;
  readonly transactions: number;
}

answerOrders(
  ({ batch, transactions }: Order) => {
    const begun_ms = performance.now();
    for (let at = 0; at < transactions; at++) {
      begin.run();
      for (let transfer = 0; transfer < batch; transfer++) move();
      commit.run();
    }
    const took_s = (performance.now() - begun_ms) / 1_000;
    return Promise.resolve((batch * transactions) / took_s);
  },
  () => {
    db.close();
    return Promise.resolve();
  },
);

function move(): void {
  const from = random() % accounts;
  const to = (from + 1 + (random() % (accounts - 1))) % accounts;
  const amount = 1 + (random() % 1_000);
  change(debit, amount, from + 1);
  change(credit, amount, to + 1);
  insert.run(nextId++, from + 1, to + 1, amount);
}

function change(statement: StatementSync, amount: number, id: number): void {
  if (statement.run(amount, id).changes !== 1) throw new Error(`there is no account ${id}`);
}
