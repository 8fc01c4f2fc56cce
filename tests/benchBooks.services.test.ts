import { randomBytes } from 'node:crypto';
import { LedgerState } from '@anarq/ledger-engine';
import {
  accountsBatch,
  plainAccount,
  plainTransfer,
  transfersBatch,
} from '@anarq/ledger-engine/testing';
import { testServerUrl } from '@anarq/store/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BOOKS_BATCH, BOOKS_SCHEMA } from '../bench/ledger/postgresBooks.ts';

const database = `q_bench_books_${randomBytes(6).toString('hex')}`;
const CLOSED = 32;
/** Accounts 1 to 6: the fifth is of another unit, the sixth is closed. */
const ACCOUNTS = [1, 2, 3, 4, 5, 6].map((id) => ({
  id,
  ledger: id === 5 ? 2 : 1,
  isClosed: id === 6,
}));

let admin: Client;
let client: Client;
beforeAll(async () => {
  admin = new Client({ connectionString: testServerUrl() });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${database}`);
  const url = new URL(testServerUrl());
  url.pathname = `/${database}`;
  client = new Client({ connectionString: url.href });
  await client.connect();
  await client.query(BOOKS_SCHEMA);
  for (const { id, ledger, isClosed } of ACCOUNTS)
    await client.query('INSERT INTO book_accounts (id, ledger, is_closed) VALUES ($1, $2, $3)', [
      id,
      ledger,
      isClosed,
    ]);
});
afterAll(async () => {
  await client.end();
  await admin.query(`DROP DATABASE ${database} WITH (FORCE)`);
  await admin.end();
});

/** Id, debit, credit, amount. */
const BATCHES = [
  [
    [1, 1, 2, 5],
    [2, 2, 3, 7],
    [3, 3, 3, 1],
    [1, 1, 2, 5],
    [4, 9, 2, 1],
    [5, 2, 9, 1],
    [6, 1, 5, 1],
    [7, 6, 1, 1],
    [8, 1, 6, 1],
    [0, 1, 2, 1],
    [9, 4, 1, 3],
  ],
  [
    [2, 2, 3, 7],
    [2, 2, 3, 8],
    [2, 2, 4, 7],
    [2, 1, 3, 7],
    [10, 1, 4, 2],
  ],
] as const;

it('what the ledger is measured beside gives the same results, and comes to the same balances', async () => {
  const state = new LedgerState();
  const opened = ACCOUNTS.map(({ id, ledger, isClosed }) =>
    plainAccount(BigInt(id), { ledger, flags: isClosed ? CLOSED : 0 }),
  );
  state.createAccounts(accountsBatch(opened), opened.length, 100n, new Uint32Array(opened.length));
  for (const [number, batch] of BATCHES.entries()) {
    const records = transfersBatch(
      batch.map(([id, debit, credit, amount]) =>
        plainTransfer(BigInt(id), {
          debit: BigInt(debit),
          credit: BigInt(credit),
          amount: BigInt(amount),
        }),
      ),
    );
    const results = new Uint32Array(batch.length);
    const time = BigInt(number + 1) * 1_000n;
    state.createTransfers(records, batch.length, time, results);
    const columns = [0, 1, 2, 3].map((column) => batch.map((row) => row[column]));
    const { rows } = await client.query<{ index: string; result: number }>(BOOKS_BATCH, [
      ...columns,
      String(time),
    ]);
    const theirs = new Uint32Array(batch.length);
    for (const { index, result } of rows) theirs[Number(index)] = result;
    expect([...theirs]).toEqual([...results]);
  }
  const { rows } = await client.query<{ id: string; debits: string; credits: string }>(
    'SELECT id, debits_posted AS debits, credits_posted AS credits FROM book_accounts ORDER BY id',
  );
  const totals = rows.map(({ id, debits, credits }) => [id, debits, credits]);
  const ours = state.queries.accounts({ limit: 10 }).map((record) => {
    const view = Buffer.from(record.buffer);
    return [0, 32, 64].map((at) => String(view.readBigUInt64LE(at)));
  });
  expect(totals).toEqual(ours);
});
