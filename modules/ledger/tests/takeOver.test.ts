import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TRANSFER_RESULTS } from '@anarq/ledger-engine';
import type { Row, Statement } from '@anarq/store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Books } from '../src/books/books.ts';
import { transferKey } from '../src/books/keys.ts';
import { transferRecords } from '../src/books/requests.ts';
import { ACCOUNT_FLAGS, TRANSFER_FLAGS } from '../src/flags.ts';

const T = 'did:squid:tenant';
const START_MS = 1_700_000_000_000;

const row = (id: string, at: number, more: Row): Row => ({
  tenant: T,
  id,
  owner: 'did:squid:alice',
  version: 1,
  created_ms: START_MS + at,
  updated_ms: START_MS + at,
  unit: 'EUR',
  code: 7,
  flags: 0,
  user_data: null,
  ...more,
});
const account = (id: string, balances: readonly [bigint, bigint, bigint, bigint], more = {}): Row =>
  row(id, 0, {
    holder: null,
    debits_pending_minor: balances[0],
    debits_posted_minor: balances[1],
    credits_pending_minor: balances[2],
    credits_posted_minor: balances[3],
    ...more,
  });
let seq = 0;
const transfer = (id: string, at: number, amount: bigint, more: Row = {}): Row =>
  row(id, at, {
    seq: ++seq,
    debit_account: 'world',
    credit_account: 'till',
    amount_minor: amount,
    pending_id: null,
    timeout_s: 0,
    phase: 'none',
    expires_ms: null,
    ...more,
  });
const { pending, post_pending, void_pending, linked } = TRANSFER_FLAGS;

/** Tables as version 0.1 left them: money moved, held, taken in part, freed, timed out, and still held. */
const tables = (): Record<string, Row[]> => {
  seq = 0;
  const held = { flags: pending, timeout_s: 60 };
  const back = { debit_account: 'till', credit_account: 'world' };
  return {
    ledger_account: [
      account('world', [30n, 103n, 0n, 3n]),
      account('till', [0n, 3n, 30n, 103n], {
        flags: ACCOUNT_FLAGS.debits_must_not_exceed_credits | ACCOUNT_FLAGS.history,
        holder: 'did:squid:bob',
        user_data: 'the till',
      }),
    ],
    ledger_transfer: [
      transfer('one', 1_000, 99n, { user_data: 'a reference' }),
      transfer('chained', 1_000, 1n, { flags: linked }),
      transfer('back', 1_000, 3n, back),
      transfer('taken', 2_000, 10n, { ...held, phase: 'posted', expires_ms: START_MS + 62_000 }),
      // A clock that was set back: the order of the commits counts.
      transfer('take', 1_500, 3n, { flags: post_pending, pending_id: 'taken' }),
      transfer('freed', 3_000, 10n, { ...held, phase: 'voided', expires_ms: START_MS + 63_000 }),
      transfer('free', 4_000, 10n, { flags: void_pending, pending_id: 'freed' }),
      transfer('late', 5_000, 50n, { ...held, phase: 'expired', expires_ms: START_MS + 65_000 }),
      // Over, but nobody had looked yet.
      transfer('over', 6_000, 20n, { ...held, phase: 'pending', expires_ms: START_MS + 66_000 }),
      transfer('kept', 7_000, 30n, { flags: pending, phase: 'pending' }),
    ],
    ledger_failed: [row('refused', 8_000, { result: 'exceeds_credits' })],
  };
};

let parent: string;
let committed: Statement[];
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'ledger-'));
  committed = [];
});
afterEach(() => rm(parent, { recursive: true, force: true }));

const open = (rows: Record<string, Row[]>, commit?: () => Promise<void>): Promise<Books> =>
  Books.open({
    folder: join(parent, 'ledger'),
    now_ms: () => START_MS + 3_600_000,
    read: async (sql) => rows[/FROM (\w+)/.exec(String(sql))?.[1] ?? ''] ?? [],
    commit: commit ?? (async (statements) => void committed.push(...statements)),
    origin: 'q/test',
    secrets: () => [new Uint8Array(32)],
    onError: () => undefined,
  });

describe('what version 0.1 kept in tables', () => {
  it('is in the books after the first start, at its time, and goes on from there', async () => {
    const books = await open(tables());
    const till = await books.account(T, 'till');
    expect(till!.timestamp / 1_000_000n).toBe(BigInt(START_MS));
    expect(till).toMatchObject({
      debitsPending: 0n,
      debitsPosted: 3n,
      creditsPending: 30n,
      creditsPosted: 103n,
      unit: 'EUR',
      code: 7,
    });
    const phases = await books.ask((queries) =>
      ['taken', 'freed', 'late', 'over', 'kept'].map((id) =>
        queries.pendingStatus(transferKey(T, id)),
      ),
    );
    expect(phases).toEqual(['posted', 'voided', 'expired', 'expired', 'pending']);
    const request = { debitAccountId: 'world', creditAccountId: 'till', unit: 'EUR', code: 7 };
    const again = await books.createTransfers(
      transferRecords(T, [
        {
          id: 'one',
          ...request,
          amountMinor: 99n,
          userData: 'a reference',
          timeout_s: 0,
          flags: 0,
        },
        { id: 'refused', ...request, amountMinor: 1n, timeout_s: 0, flags: 0 },
        { id: 'take kept', pendingId: 'kept', timeout_s: 0, flags: post_pending },
      ]),
      new Uint8Array(32),
      () => undefined,
    );
    expect([...again.results]).toEqual([
      TRANSFER_RESULTS.exists,
      TRANSFER_RESULTS.id_already_failed,
      TRANSFER_RESULTS.created,
    ]);
    await books.close();
    const named = committed.filter(({ sql }) => !sql.includes('ledger_books'));
    expect(named.map(({ params }) => params?.['id']).toSorted()).toEqual(
      [...tables()['ledger_account']!, ...tables()['ledger_transfer']!, { id: 'refused' }]
        .map(({ id }) => id)
        .toSorted(),
    );
    expect(committed.find(({ params }) => params?.['id'] === 'till')?.params).toMatchObject({
      holder: 'did:squid:bob',
      user_data: 'the till',
      unit: 'EUR',
    });
  });

  it('is taken over once: the next start finds the books', async () => {
    await (await open(tables())).close();
    const { params } = committed.at(-1)!;
    const books = await open({ ...tables(), ledger_books: [{ id: String(params?.['id']) }] });
    expect(committed.at(-1)?.params).toBe(params);
    expect((await books.account(T, 'till'))?.creditsPosted).toBe(103n);
    await books.close();
  });

  it('is taken over anew where the first start was cut off', async () => {
    const cutOff = async (): Promise<void> => {
      throw new Error('cut off');
    };
    await expect(open(tables(), cutOff)).rejects.toThrow('cut off');
    expect(existsSync(join(parent, 'ledger'))).toBe(false);
    const books = await open(tables());
    expect((await books.account(T, 'till'))?.creditsPosted).toBe(103n);
    await books.close();
  });

  it('is not taken over where it would end with another balance', async () => {
    const changed = tables();
    changed['ledger_account']![1]!['credits_posted_minor'] = 104n;
    await expect(open(changed)).rejects.toThrow(/account till would not hold what it held/);
    expect(existsSync(join(parent, 'ledger'))).toBe(false);
    expect(committed).toEqual([]);
  });
});
