import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, http, keys } from '@anarq/common-clients';
import { openRootKey } from '@anarq/crypto';
import { plainTransfer, transfersBatch } from '@anarq/ledger-engine/testing';
import { squid } from '@anarq/squid/contract';
import { startNodeProcess, type NodeProcess } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ledger } from '../../src/contract.ts';
import {
  accountKey,
  LedgerClient,
  ledgerOf,
  openingWith,
  socketTransferId,
} from '../../src/socket/index.ts';

const KILLS = 4;
const BATCH = 50;
const DEPTH = 4;

describe('a node that serves its ledger on a socket', () => {
  let folder: string;
  let node: NodeProcess;
  let tenant = '';
  /** Numbers of batches that were sent, and those that were answered. */
  const answered = new Set<number>();
  let sent = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'q-ls-'));
    await start();
    const accounts = ['from', 'to'].map((id) => ({ id, unit: 'EUR', code: 1, flags: [] }));
    await (await operator()).call(ledger.createAccounts, { accounts });
  });
  afterAll(async () => {
    await node.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const start = async (): Promise<void> => {
    const modules = ['squid', 'qonsent', 'ledger'] as const;
    const ledgerSocket = join(folder, 'ledger.sock');
    node = await startNodeProcess({
      dataFolder: join(folder, 'data'),
      keysFolder: join(folder, 'keys'),
      modules,
      ledgerSocket,
    });
  };
  const seedOf = async () =>
    (await openRootKey({ file: join(folder, 'keys/operator.key'), create: false })).seed;
  const operator = async () =>
    createClient({
      contracts: [ledger, squid],
      transport: http({
        url: node.address.url,
        credentials: keys({
          did: node.address.operator,
          seed: await seedOf(),
          nodeDid: node.address.node,
        }),
      }),
    });
  const connect = async (): Promise<LedgerClient> => {
    const opening = openingWith({
      node: node.address.node,
      identity: node.address.operator,
      seed: await seedOf(),
    });
    const client = await LedgerClient.connect({ path: join(folder, 'ledger.sock') }, opening);
    tenant = String(client.greeting['tenant']);
    return client;
  };
  const idOf = (batch: number, index: number): bigint =>
    socketTransferId(tenant, BigInt(batch * BATCH + index + 1));
  const nameOf = (id: bigint): string => `0x${id.toString(16).padStart(32, '0')}`;
  const recordsOf = (batch: number): Uint8Array =>
    transfersBatch(
      Array.from({ length: BATCH }, (_, index) =>
        plainTransfer(idOf(batch, index), {
          debit: accountKey(tenant, 'from'),
          credit: accountKey(tenant, 'to'),
          amount: 1n,
          ledger: ledgerOf('EUR'),
        }),
      ),
    );

  /** Sends until the node is gone. */
  const send = async (client: LedgerClient): Promise<void> => {
    for (;;) {
      const batch = sent++;
      try {
        await client.createTransfers(recordsOf(batch));
      } catch {
        return;
      }
      answered.add(batch);
    }
  };

  it('has every batch that it answered, and each as a whole, after it was killed', async () => {
    for (let kill = 0; kill < KILLS; kill++) {
      const client = await connect();
      const before = answered.size;
      const lanes = Array.from({ length: DEPTH }, () => send(client));
      await expect.poll(() => answered.size).toBeGreaterThan(before + 5 + kill * 3);
      await node.kill();
      await Promise.all(lanes);
      await start();
    }
    const client = await operator();
    let moved = 0;
    for (let batch = 0; batch < sent; batch++) {
      const found = await Promise.all(
        [0, BATCH - 1].map((index) =>
          client.result(ledger.transfer, { transferId: nameOf(idOf(batch, index)) }),
        ),
      );
      const isThere = found.map(({ status }) => status === 'ok');
      expect([batch, ...isThere]).toEqual([batch, isThere[0], isThere[0]]);
      if (answered.has(batch)) expect([batch, isThere[0]]).toEqual([batch, true]);
      if (isThere[0] === true) moved += BATCH;
    }
    const { creditsPosted } = await client.call(ledger.account, { accountId: 'to' });
    expect(creditsPosted).toBe(String(moved / 100));
    const { books } = await client.call(ledger.books, {});
    expect(books).toMatchObject([{ unit: 'EUR', debits: creditsPosted, sum: '0' }]);
  }, 120_000);
});
