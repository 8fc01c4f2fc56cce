import { join } from 'node:path';
import { transferOf } from '@anarq/ledger-engine/testing';
import type { Actor } from '@anarq/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SEGMENT_PAGES } from '../../src/books/books.ts';
import { copyBooks } from '../../src/books/copyBooks.ts';
import { LedgerWriter } from '../../src/engine/index.ts';
import { ledger } from '../../src/contract.ts';
import { LedgerDisconnected } from '../../src/socket/index.ts';
import { batch, openAccounts, Payments, serveNode, type ServedNode } from './servedNode.ts';

/** Stops a call at a named place, as an end of the process would. */
class Stop extends Error {}

describe('a batch whose call was cut off', () => {
  let served: ServedNode;
  let alice: Actor;
  let payments: Payments;
  let atPoint: (point: string) => void;

  beforeEach(async () => {
    atPoint = () => {};
    served = await serveNode({ probe: (point) => atPoint(point) });
    alice = await served.node.person('alice');
    payments = new Payments(served.node.kernel.node.tenant);
    await openAccounts(alice, ['world', 'till']);
  });
  afterEach(() => served.close());

  const stopAt = (wanted: string): void => {
    atPoint = (point) => {
      if (point === wanted) throw new Stop(point);
    };
  };
  const ended = () =>
    served.node.store.read(
      "SELECT state FROM kernel_process WHERE operation = 'ledger.createBatch' ORDER BY created_ms",
    );
  const credits = async () =>
    (await alice.call(ledger.account, { accountId: 'till' })).creditsPosted;

  it('is cancelled where it is not in the books: its bytes are gone', async () => {
    const agent = await served.agentOf(alice, { budget: { unit: 'EUR', total: '10' } });
    const client = await served.connectWith({ token: agent.token });
    stopAt('after-admission ledger.createBatch');
    await expect(
      client.createTransfers(batch(payments.pay(1, 'world', 'till', 100))),
    ).rejects.toBeInstanceOf(Error);
    await served.restart();
    atPoint = () => {};
    await expect.poll(ended).toEqual([{ state: 'UNDONE' }]);
    expect(await credits()).toBe('0');
    expect(await served.node.kernel.services.grants.budget(agent.grant)).toMatchObject({
      spent: '0',
      reserved: '0',
    });
  });

  it('is told what became of it where it is in the books, and counted so', async () => {
    const agent = await served.agentOf(alice, { budget: { unit: 'EUR', total: '10' } });
    const client = await served.connectWith({ token: agent.token });
    stopAt('before-outcome ledger.createBatch');
    const { pay } = payments;
    const answer = await client.createTransfers(
      batch(pay(1, 'world', 'till', 100), pay(2, 'world', 'nowhere', 200)),
    );
    // It is in the books, and safe: the answer is true, though its call has no end yet.
    expect(answer.refused.map(({ index }) => index)).toEqual([1]);
    expect(await ended()).toEqual([{ state: 'RUNNING' }]);
    atPoint = () => {};
    await served.restart();
    await expect.poll(ended).toEqual([{ state: 'DONE' }]);
    expect(await credits()).toBe('1');
    expect(await served.node.kernel.services.grants.budget(agent.grant)).toMatchObject({
      spent: '1',
      reserved: '0',
    });
  });

  it('is in a backup that was made when it had been told', async () => {
    const client = await served.connect(alice);
    await client.createTransfers(batch(payments.pay(1, 'world', 'till', 100)));
    const to = join(served.node.folder, 'copy');
    const from = join(served.node.folder, 'data', 'logs', 'ledger');
    await copyBooks({ from, to, read: (sql) => served.node.store.read(sql) });
    const copy = await LedgerWriter.open(to, { segmentPages: SEGMENT_PAGES });
    expect(transferOf(copy.queries.transfer(payments.id(1))!)).toMatchObject({
      debit: payments.account('world'),
      credit: payments.account('till'),
      amount: 100n,
    });
    await copy.close();
  });

  it('is refused by a node that has gone', async () => {
    const client = await served.connect(alice);
    await served.node.stop();
    await expect(
      client.createTransfers(batch(payments.pay(1, 'world', 'till', 100))),
    ).rejects.toSatisfy(
      (error) => error instanceof LedgerDisconnected || error.code === 'SERVICE_UNAVAILABLE',
    );
    await served.node.start();
  });
});
