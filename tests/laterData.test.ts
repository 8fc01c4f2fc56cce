import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { createClient, downloadFile, http, keys } from '@anarq/common-clients';
import { fromBase64url } from '@anarq/crypto';
import { verifyReceipt } from '@anarq/log';
import { loadModules } from '@anarq/node';
import { ledger } from '@anarq/ledger/contract';
import { qdrive } from '@anarq/qdrive/contract';
import { qerberos } from '@anarq/qerberos/contract';
import { qindex } from '@anarq/qindex/contract';
import { qlock } from '@anarq/qlock/contract';
import { qmarket } from '@anarq/qmarket/contract';
import { qonsent } from '@anarq/qonsent/contract';
import { quantum } from '@anarq/quantum/contract';
import { qwallet } from '@anarq/qwallet/contract';
import { squid } from '@anarq/squid/contract';
import { startNodeProcess, type NodeProcess } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { foldersOf, UNIT } from './purchaseWorld.ts';

/**
 * Data of a node of November 2026, with the tables that came since 0.1: a file that was sold for 3 of
 * the buyer's 10, an index record, a key of Qlock and what it encrypted, an agent that asks for a
 * wider grant, one that was stopped, a root key that another one followed, and a funding of 5 during
 * which the node was killed. In those of the end of the month the ledger has its own log, with books of the
 * buyer's, and a circuit was run. `tests/fixtures/makeData.ts` made them.
 */
const MADE = ['november', 'late-november'] as const;

interface Facts {
  readonly fileId: string;
  readonly keyId: string;
  readonly ciphertext: string;
  readonly requestId: string;
  readonly stopped: string;
  readonly logKey: string;
  readonly firstLogKey: string;
  readonly people: Readonly<Record<'operator' | 'seller' | 'buyer', { did: string; seed: string }>>;
}

let folder: string;
let facts: Facts;
let node: NodeProcess;
/** Migrations that the data had when it was made, by module. */
let before: ReadonlyMap<string, number>;

const migrationsOf = (): Map<string, number> => {
  const db = new DatabaseSync(join(foldersOf(folder).dataFolder, 'node.sqlite'), {
    readOnly: true,
  });
  const rows = db
    .prepare('SELECT module, MAX(id) AS id FROM _store_migrations GROUP BY module')
    .all();
  db.close();
  return new Map(rows.map((row) => [String(row['module']), Number(row['id'])]));
};
const clientOf = (who: keyof Facts['people']) => {
  const { did, seed } = facts.people[who];
  return createClient({
    contracts: [squid, qdrive, qonsent, qmarket, qwallet, qerberos, qindex, qlock, ledger, quantum],
    transport: http({
      url: node.address.url,
      credentials: keys({ did, seed: fromBase64url(seed), nodeDid: node.address.node }),
    }),
  });
};

describe.each(MADE)('data of %s 2026', { timeout: 120_000 }, (made) => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'q-later-data-'));
    const packed = join(import.meta.dirname, `fixtures/data-of-${made}-2026.tar.gz`);
    await promisify(execFile)('tar', ['-xzf', packed, '-C', folder]);
    facts = JSON.parse(await readFile(join(folder, 'facts.json'), 'utf8')) as Facts;
    before = migrationsOf();
    node = await startNodeProcess(foldersOf(folder));
  }, 240_000);
  afterAll(async () => {
    await node.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('is opened by the node of today, whose tables only grew', async () => {
    expect(node.complaints).toEqual([]);
    expect(node.address.logKey).toBe(facts.logKey);
    expect(node.address.operator).toBe(facts.people.operator.did);
    const after = migrationsOf();
    for (const [module, id] of before) expect(after.get(module)).toBeGreaterThanOrEqual(id);
    for (const { contract, migrations } of await loadModules())
      if (migrations.length > 0)
        expect([contract.name, after.get(contract.name)]).toEqual([
          contract.name,
          Math.max(...migrations.map(({ id }) => id)),
        ]);
    const log = await clientOf('operator').call(qerberos.logStatus, {});
    expect(log).toMatchObject({ ok: true, problems: [] });
  });

  it('holds the money that was there, and the funding that was interrupted came to its end once', async () => {
    const funded = () =>
      clientOf('operator').result(
        qwallet.fund,
        { identity: facts.people.buyer.did, amount: '5', unit: UNIT },
        { idempotencyKey: 'interrupted' },
      );
    expect((await funded()).code).toBe('SUCCESS');
    expect((await funded()).code).toBe('SUCCESS');
    const { items } = await clientOf('buyer').call(qwallet.accounts, {});
    expect(items.map(({ available, unit }) => `${available} ${unit}`)).toEqual([`12 ${UNIT}`]);
    const { books } = await clientOf('operator').call(ledger.books, {});
    expect(new Set(books.map(({ sum }) => sum))).toEqual(new Set(['0']));
  });

  it('holds what was sealed under both root keys', async () => {
    const pieces: Uint8Array[] = [];
    for await (const piece of (await downloadFile(clientOf('buyer'), { fileId: facts.fileId }))
      .body)
      pieces.push(piece);
    expect(Buffer.concat(pieces).toString()).toBe('the content that is sold');
    const { keyId, ciphertext } = facts;
    const opened = await clientOf('buyer').call(qlock.decrypt, { keyId, ciphertext });
    expect(new TextDecoder().decode(fromBase64url(opened.plaintext))).toBe('a secret');
    const { items } = await clientOf('buyer').call(qindex.list, { type: 'note' });
    expect(items.map(({ record }) => record.key)).toEqual(['kept']);
  });

  it('knows who was stopped, and what was asked', async () => {
    const { items: agents } = await clientOf('buyer').call(squid.agents, { limit: 200 });
    expect(agents.find(({ name }) => name === 'stopped')).toMatchObject({ status: 'suspended' });
    const { items } = await clientOf('buyer').call(qonsent.requests, { all: true });
    expect(items.find(({ requestId }) => requestId === facts.requestId)?.reason).toBe(
      'to keep a note',
    );
  });

  it('gave out a receipt that verifies with the key that signed it, and its log goes on from there', async () => {
    const old: unknown = JSON.parse(await readFile(join(folder, 'receipt.json'), 'utf8'));
    expect(verifyReceipt(old, { trust: facts.firstLogKey })).toMatchObject({ ok: true });
    const { items } = await clientOf('buyer').call(qerberos.search, { op: 'qindex.put' });
    const { receipt } = await clientOf('buyer').call(qerberos.receipt, {
      cid: items[0]?.cid ?? '',
    });
    for (const trust of [facts.firstLogKey, facts.logKey])
      expect(verifyReceipt(receipt, { trust })).toMatchObject({ ok: true, signer: 'trusted' });
  });

  it.skipIf(made === 'november')(
    'keeps books of a log of their own, and what was run',
    async () => {
      const purse = { accountId: 'purse' };
      expect(await clientOf('buyer').call(ledger.account, purse)).toMatchObject({
        creditsPosted: '5',
        debitsPosted: '3',
      });
      const spend = { id: 'butter', code: 1, postings: [] as object[] };
      const posting = { debitAccountId: 'purse', creditAccountId: 'shop', unit: 'EUR' };
      const of = (amount: string) =>
        clientOf('buyer').call(ledger.createTransaction, {
          ...spend,
          postings: [{ ...posting, amount }],
        });
      expect(await of('2.01')).toMatchObject({ result: 'exceeds_credits' });
      const { items } = await clientOf('buyer').call(ledger.transactions, { metadataKey: 'what' });
      expect(items.map(({ id }) => id).toSorted()).toEqual(['allowance', 'bread', 'salt']);
      const { books } = await clientOf('operator').call(ledger.books, {});
      expect(books.map(({ unit, sum }) => [unit, sum]).toSorted()).toEqual([
        ['EUR', '0'],
        [UNIT, '0'],
      ]);
      const { items: runs } = await clientOf('buyer').call(quantum.runs, {});
      expect(runs).toMatchObject([{ state: 'DONE' }]);
      const run = await clientOf('buyer').call(quantum.get, { runId: runs[0]?.runId ?? '' });
      expect(run).toMatchObject({ result: { shots: 100, seed: '7' } });
    },
  );
});
