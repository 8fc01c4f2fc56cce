import { BATCH_EVENTS_MAX, TRANSFER_RESULTS, TransferFlag } from '@anarq/ledger-engine';
import { FAULT_MODELS } from '@anarq/ordering/fault-models';
import type { Actor } from '@anarq/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { booksOf } from '../../src/books/books.ts';
import { accountRecords } from '../../src/books/requests.ts';
import { ledger } from '../../src/contract.ts';
import { LedgerClient, ledgerOf, openingWith } from '../../src/socket/index.ts';
import { batch, openAccounts, Payments, serveNode, type ServedNode } from './servedNode.ts';

let served: ServedNode;
let alice: Actor;
let payments: Payments;

beforeEach(async () => {
  served = await serveNode();
  alice = await served.node.person('alice');
  payments = new Payments(served.node.kernel.node.tenant);
  await openAccounts(alice, ['world', 'till', 'shop']);
});
afterEach(async () => {
  const errors = [...served.node.errors];
  await served.close();
  if (errors.length > 0) throw new AggregateError(errors, 'something went wrong inside');
});

const credits = async (who: Actor, accountId: string): Promise<string> =>
  (await who.call(ledger.account, { accountId })).creditsPosted;

describe('a batch over the socket of a node', () => {
  it('moves money between accounts of the contract, each transfer with its own result', async () => {
    const client = await served.connect(alice);
    expect(client.greeting).toEqual({
      tenant: payments.tenant,
      subject: alice.did,
      order: FAULT_MODELS.local,
    });
    const { pay } = payments;
    const answer = await client.createTransfers(
      batch(
        pay(1, 'world', 'till', 150),
        pay(2, 'world', 'nowhere', 1),
        pay(1, 'world', 'till', 150),
      ),
    );
    expect(answer.refused).toEqual([
      { index: 1, result: TRANSFER_RESULTS.credit_account_not_found },
      { index: 2, result: TRANSFER_RESULTS.exists },
    ]);
    expect(await credits(alice, 'till')).toBe('1.5');
    const transferId = payments.name(1);
    expect(await alice.call(ledger.transfer, { transferId })).toMatchObject({
      id: transferId,
      debitAccountId: 'world',
      creditAccountId: 'till',
      amount: '1.5',
    });
    const { items } = await alice.call(ledger.transfers, { accountId: 'till' });
    expect(items.map(({ id }) => id)).toEqual([transferId]);
  });

  it('is one call with one record, whose ceiling is its sum', async () => {
    const client = await served.connect(alice);
    await client.createTransfers(
      batch(payments.pay(1, 'world', 'till', 150), payments.pay(2, 'world', 'shop', 50)),
    );
    const processes = await served.node.store.read(
      "SELECT state, actor FROM kernel_process WHERE operation = 'ledger.createBatch'",
    );
    expect(processes).toEqual([{ state: 'DONE', actor: alice.did }]);
  });

  it('holds 8,190 transfers, and shows all of them', async () => {
    const client = await served.connect(alice);
    const all = Array.from({ length: BATCH_EVENTS_MAX }, (_, index) =>
      payments.pay(index + 1, 'world', 'till', 1),
    );
    expect((await client.createTransfers(batch(...all))).refused).toEqual([]);
    expect(await credits(alice, 'till')).toBe('81.9');
  });

  it('follows the batch that was sent before it, without waiting for its answer', async () => {
    const client = await served.connect(alice);
    const hold = batch(payments.pay(1, 'world', 'till', 100, { flags: TransferFlag.PENDING }));
    const post = batch(payments.resolve(2, 1, TransferFlag.POST_PENDING));
    const again = batch(payments.resolve(3, 1, TransferFlag.VOID_PENDING));
    const [held, posted, voided] = await Promise.all(
      [hold, post, again].map((records) => client.createTransfers(records)),
    );
    expect(held?.refused).toEqual([]);
    expect(posted?.refused).toEqual([]);
    expect(voided?.refused).toEqual([
      { index: 0, result: TRANSFER_RESULTS.pending_transfer_already_posted },
    ]);
    expect(await credits(alice, 'till')).toBe('1');
  });

  it('posts what the contract held, and the contract posts what it held', async () => {
    const client = await served.connect(alice);
    const common = { debitAccountId: 'world', creditAccountId: 'till', unit: 'EUR', code: 1 };
    await alice.call(ledger.createTransfers, {
      transfers: [{ ...common, id: 'hold', amount: '3', flags: ['pending'] }],
    });
    const { refused } = await client.createTransfers(
      batch(
        payments.resolve(1, 'hold', TransferFlag.POST_PENDING),
        payments.pay(2, 'world', 'till', 400, { flags: TransferFlag.PENDING }),
      ),
    );
    expect(refused).toEqual([]);
    const posted = await alice.call(ledger.createTransfers, {
      transfers: [{ id: 'take', pendingId: payments.name(2), flags: ['post_pending'] }],
    });
    expect(posted.results).toEqual([{ id: 'take', result: 'created' }]);
    expect(await credits(alice, 'till')).toBe('7');
    const taken = await alice.call(ledger.transfer, { transferId: 'take' });
    expect(taken.pendingId).toBe(payments.name(2));
  });

  it('may be empty, and may be in several units', async () => {
    await openAccounts(alice, ['r1', 'r2'], { unit: 'rUv' });
    const client = await served.connect(alice);
    expect((await client.createTransfers(batch())).refused).toEqual([]);
    const { refused } = await client.createTransfers(
      batch(
        payments.pay(1, 'world', 'till', 1),
        payments.pay(2, 'r1', 'r2', 1, { ledger: ledgerOf('rUv') }),
      ),
    );
    expect(refused).toEqual([]);
  });

  it('is exported under the keys of its transfers', async () => {
    const client = await served.connect(alice);
    await client.createTransfers(batch(payments.pay(1, 'world', 'till', 150)));
    const ids: string[] = [];
    for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined;) {
      const page = await served.node.operator.call(
        ledger.exportBooks,
        cursor === undefined ? {} : { cursor },
      );
      ids.push(...page.transfers.map(({ id }) => id));
      cursor = page.next;
      isFirst = false;
    }
    expect(ids).toEqual([payments.name(1)]);
  });

  it('is refused whole for an account of somebody else, of a module, or of another tenant', async () => {
    const bob = await served.node.person('bob');
    const carl = await served.node.person('carl', 'elsewhere');
    await openAccounts(bob, ['of-bob']);
    await openAccounts(carl, ['of-carl']);
    const client = await served.connect(alice);
    const elsewhere = new Payments('elsewhere').account('of-carl');
    await openFor(served.node.kernel.node.modules['squid'] ?? '', 'squid:own');
    const { pay } = payments;
    const good = pay(1, 'world', 'till', 1);
    for (const bad of [
      pay(2, 'of-bob', 'till', 1),
      pay(2, 'till', 'x', 1, { credit: elsewhere }),
      pay(2, 'x', 'till', 1, { debit: elsewhere }),
      pay(2, 'squid:own', 'till', 1),
      pay(2, 'till', 'squid:own', 1),
      pay(2, 'till', 'of-bob', 0, { flags: TransferFlag.PENDING | TransferFlag.CLOSING_CREDIT }),
      pay(2, 'till', 'of-bob', 1, { flags: TransferFlag.BALANCING_CREDIT }),
    ])
      await expect(client.createTransfers(batch(good, bad))).rejects.toMatchObject({
        code: 'QONSENT_DENIED',
      });
    expect(await credits(alice, 'till')).toBe('0');
    // Anybody of the tenant may be paid.
    expect((await client.createTransfers(batch(pay(3, 'world', 'of-bob', 1)))).refused).toEqual([]);
    await expect(
      client.createTransfers(
        batch(pay(4, 'world', 'till', 1, { flags: TransferFlag.IMPORTED, timestamp: 5n })),
      ),
    ).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(
      client.createTransfers(batch(pay(5, 'world', 'till', 1, { id: 77n }))),
    ).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  /** An account of a module, as its own calls would open it. */
  async function openFor(owner: string, id: string): Promise<void> {
    const books = booksOf({ ownLog: served.node.kernel.ownLog('ledger') });
    const request = { id, unit: 'EUR', code: 1, flags: 0 };
    const records = accountRecords(payments.tenant, owner, [request]);
    await books.createAccounts(records, new Uint8Array(32));
  }

  it('does not post what somebody else held', async () => {
    const bob = await served.node.person('bob');
    const hold = batch(payments.pay(1, 'world', 'till', 5, { flags: TransferFlag.PENDING }));
    await (await served.connect(alice)).createTransfers(hold);
    const thief = await served.connect(bob);
    for (const flags of [TransferFlag.POST_PENDING, TransferFlag.VOID_PENDING])
      await expect(
        thief.createTransfers(batch(payments.resolve(2, 1, flags))),
      ).rejects.toMatchObject({ code: 'QONSENT_DENIED' });
  });

  it('opens no accounts: that is said over the contract', async () => {
    const client = await served.connect(alice);
    await expect(client.createAccounts(new Uint8Array(128))).rejects.toMatchObject({
      code: 'OPERATION_UNKNOWN',
    });
  });
});

describe('a connection to a node', () => {
  const openingOf = (who: Actor) =>
    openingWith({ node: served.node.kernel.node.did, identity: who.did, seed: who.seed });

  it.each([
    ['nothing', {}, 'QLOCK_AUTH_FAIL'],
    ['a token that nobody gave', { token: `qat_${'A'.repeat(43)}` }, 'QLOCK_AUTH_FAIL'],
    ['members that are none', { secret: 'x' }, 'INPUT_INVALID'],
  ])('opens with %s for nobody', async (_what, credentials, code) => {
    await expect(served.connectWith(credentials)).rejects.toMatchObject({ code });
  });

  it('opens once with the same signature, and with none for another node', async () => {
    const opening = openingOf(alice);
    await served.connectWith(opening);
    await expect(served.connectWith(opening)).rejects.toMatchObject({ code: 'QLOCK_AUTH_FAIL' });
    const other = openingWith({ node: 'did:squid:other', identity: alice.did, seed: alice.seed });
    await expect(served.connectWith(other)).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' });
  });

  it('opens for nobody whose grant does not let it move money', async () => {
    const reader = await served.agentOf(alice, { command: '/ledger/read' });
    await expect(served.connectWith({ token: reader.token })).rejects.toMatchObject({
      code: 'QONSENT_DENIED',
    });
    const bob = await served.node.person('bob');
    await expect(served.connect(bob, { subject: alice.did })).rejects.toMatchObject({
      code: 'QONSENT_DENIED',
    });
  });

  it('is no proof for calls of others: what a client sends is never one', async () => {
    const { invoke } = served.node.kernel;
    const forged = JSON.parse('{"kind":"connection","connection":{}}') as never;
    const answer = await invoke({
      operation: 'ledger.accounts',
      input: {},
      surface: 'http',
      credential: forged,
    });
    expect(answer.code).toBe('QLOCK_AUTH_FAIL');
  });

  it('is taken over by nobody who calls for the batch of another', async () => {
    const answer = await alice.result(ledger.createBatch, {
      batch: 'A'.repeat(43),
      sha256: '00'.repeat(32),
      transfers: 1,
      fromPage: 0,
    });
    expect(answer.code).toBe('CANCELLED');
  });

  it('goes on over a restart with another one, with the same ids', async () => {
    const records = () => batch(payments.pay(1, 'world', 'till', 5));
    await (await served.connect(alice)).createTransfers(records());
    await served.restart();
    const { refused } = await (await served.connect(alice)).createTransfers(records());
    expect(refused).toEqual([{ index: 0, result: TRANSFER_RESULTS.exists }]);
  });

  it('is no more than 64 at a time', async () => {
    const open = await Promise.all(Array.from({ length: 64 }, () => served.connect(alice)));
    await expect(served.connect(alice)).rejects.toBeInstanceOf(Error);
    await open[0]?.close();
    await expect
      .poll(() => served.connect(alice).then((client) => client instanceof LedgerClient))
      .toBe(true);
  });
});
