import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createClient, followEvents, http, keys, type Client } from '@anarq/common-clients';
import { fromBase64url, toBase64url } from '@anarq/crypto';
import { node as nodeContract } from '@anarq/node-module/contract';
import { startTestNode, type Actor } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chain } from '../src/contract.ts';
import {
  begun,
  carriedOut,
  handIn,
  chainOf,
  newHolder,
  pay,
  signedEntry,
  shownBy,
  startChainWorld,
  type ChainWorld,
} from './world.ts';

describe('a chain of one node', () => {
  let world: ChainWorld;
  let person: Actor;
  let client: Client;
  const ana = newHolder();

  beforeAll(async () => {
    world = await startChainWorld();
    person = await world.node.person('ana');
    client = world.client(person);
    // Somebody has to pay an account before it can pay the fee of its first transaction.
    await carriedOut(client, world.authority, pay(ana, '1000'));
    await client.call(chain.waitFor, { transactionId: await begun(client, ana) });
  });
  afterAll(() => world.close());

  const network = () => client.call(chain.status, {});
  const balanceOf = async (accountId: string): Promise<string> =>
    (await client.call(chain.account, { accountId })).balance;

  it('begins an account: prepared by the node, signed by its owner', async () => {
    const ben = newHolder();
    await carriedOut(client, ana, pay(ben, '10'));
    const publicKey = toBase64url(ben.publicKey);
    const made = await client.call(chain.createAccount, { publicKey });
    expect(made).toMatchObject({ state: 'Created', accountId: ben.accountId });
    const transactionId = await begun(client, ben);
    const ended = await client.call(chain.waitFor, { transactionId });
    expect(ended).toMatchObject({ state: 'Finalized', action: { kind: 'register', publicKey } });
    const { accountId } = ben;
    expect(await client.call(chain.account, { accountId })).toMatchObject({
      publicKey,
      balance: '9',
      nonce: '1',
    });
  });

  it('carries a payment from Created to Finalized, and proves it to whoever knows the first validators', async () => {
    const ben = newHolder();
    const ended = await carriedOut(client, ana, [
      { kind: 'transfer', to: ben.accountId, amount: '25', memo: toBase64url(Buffer.from('tea')) },
    ]);
    expect(ended).toMatchObject({
      state: 'Finalized',
      account: ana.accountId,
      fee: '1',
      action: { kind: 'transfer', to: ben.accountId, amount: '25' },
      faultModel: { name: 'dag-bft', validators: 1, faultsMax: 0 },
    });
    const { transactionId } = ended;
    expect(await balanceOf(ben.accountId)).toBe('25');
    const { proof } = await client.call(chain.proveTransaction, { transactionId });
    const shown = shownBy(proof, await network());
    expect(shown).toMatchObject({ holds: true, receipt: { id: transactionId, code: 'OK' } });
    const other = { ...(await network()), chainId: '00'.repeat(32) };
    expect(shownBy(proof, other)).toMatchObject({ holds: false });
    const balance = await client.call(chain.proveAccount, { accountId: ben.accountId });
    expect(shownBy(balance.proof, await network())).toMatchObject({
      holds: true,
      account: { id: ben.accountId, balance: 25n },
    });
  });

  it('takes many under one signature, and the same again once', async () => {
    const ben = newHolder();
    const actions = Array.from({ length: 5 }, () => pay(ben, '2')).flat();
    const { accountId } = ana;
    const made = await client.call(chain.prepare, { accountId, actions });
    const entry = { entry: made.unsigned, signature: ana.sign(made) };
    const before = BigInt(await balanceOf(ana.accountId));
    await client.call(chain.submit, entry);
    await client.call(chain.submit, entry);
    const last = made.transactionIds.at(-1) ?? '';
    const ended = await client.call(chain.waitFor, { transactionId: last });
    expect(ended.state).toBe('Finalized');
    // Also after its end: the answer is known, and nothing happens.
    await client.call(chain.submit, entry);
    expect(await balanceOf(ben.accountId)).toBe('10');
    expect(BigInt(await balanceOf(ana.accountId))).toBe(before - 15n);
  });

  it('gives the loser of a double spend a receipt that says so, and proves that', async () => {
    const [ben, cem] = [newHolder(), newHolder()];
    const { accountId } = ana;
    const made = await Promise.all(
      [ben, cem].map((to) => client.call(chain.prepare, { accountId, actions: pay(to, '3') })),
    );
    const both = made.map((each) => signedEntry(each.unsigned, ana.sign(each), world));
    // In one breath, so that neither is carried out before the other is there.
    await Promise.all(both.map((entry) => chainOf(world).validator.submit(entry)));
    const ids = made.map(({ transactionIds }) => transactionIds[0] ?? '');
    const ends = await Promise.all(
      ids.map((transactionId) => client.call(chain.waitFor, { transactionId })),
    );
    expect(ends.map(({ state }) => state).toSorted()).toEqual(['Finalized', 'Rejected']);
    const loser = ends.find(({ state }) => state === 'Rejected');
    expect(loser).toMatchObject({ rejection: 'NONCE_USED', error: 'STATE_CONFLICT' });
    const { transactionId = '' } = loser ?? {};
    await expect
      .poll(() => client.call(chain.proveTransaction, { transactionId }).catch(() => undefined))
      .toBeDefined();
    const { proof } = await client.call(chain.proveTransaction, { transactionId });
    expect(shownBy(proof, await network())).toMatchObject({
      holds: true,
      receipt: { id: transactionId, code: 'NONCE_USED' },
    });
    const balances = await Promise.all(
      [ben, cem].map((to) =>
        client.call(chain.account, { accountId: to.accountId }).then(
          ({ balance }) => balance,
          () => 'none',
        ),
      ),
    );
    expect(balances.toSorted()).toEqual(['3', 'none']);
  });

  it('refuses at once what could only be refused, in the words of the error table', async () => {
    const ben = newHolder();
    const refusal = (work: Promise<unknown>) =>
      work.then(
        () => undefined,
        (error: unknown) => (error as { code?: string }).code,
      );
    const { accountId } = ana;
    const tooMuch = handIn(client, ana, pay(ben, '999999999'));
    expect(await refusal(tooMuch)).toBe('INSUFFICIENT_FUNDS');
    expect(await refusal(handIn(client, ana, pay(ben, '1'), { fee: '0' }))).toBe('INPUT_INVALID');
    expect(await refusal(handIn(client, ana, pay(ben, '1'), { nonce: '1' }))).toBe(
      'STATE_CONFLICT',
    );
    expect(await refusal(handIn(client, ana, pay(ben, '1'), { nonce: '9999' }))).toBe(
      'LIMIT_EXCEEDED',
    );
    const last = { nonce: String((1n << 64n) - 1n) };
    const two = [...pay(ben, '1'), ...pay(ben, '1')];
    expect(await refusal(handIn(client, ana, two, last))).toBe('INPUT_INVALID');
    const cut = toBase64url(ana.publicKey.slice(1));
    expect(await refusal(handIn(client, ana, [{ kind: 'changeKey', publicKey: cut }]))).toBe(
      'INPUT_INVALID',
    );
    expect(await refusal(handIn(client, ana, pay(ben, '9'.repeat(39))))).toBe('AMOUNT_INVALID');
    const notAfter = new Date(Date.now() - 1_000).toISOString();
    expect(await refusal(handIn(client, ana, pay(ben, '1'), { notAfter }))).toBe('TIME_EXPIRED');
    const made = await client.call(chain.prepare, { accountId, actions: pay(ben, '1') });
    const entry = made.unsigned;
    expect(await refusal(client.call(chain.submit, { entry, signature: ben.sign(made) }))).toBe(
      'SIGNATURE_INVALID',
    );
    expect(await refusal(client.call(chain.submit, { entry }))).toBe('SIGNATURE_INVALID');
    const garbage = toBase64url(fromBase64url(entry).slice(1));
    expect(await refusal(client.call(chain.submit, { entry: garbage }))).toBe('INPUT_INVALID');
    const nobody = { transactionId: 'ab'.repeat(32) };
    expect(await refusal(client.call(chain.transaction, nobody))).toBe('QINDEX_NOT_FOUND');
    expect(await refusal(client.call(chain.waitFor, { ...nobody, timeout_s: 1 }))).toBe(
      'QINDEX_NOT_FOUND',
    );
    expect(await refusal(client.call(chain.account, { accountId: ben.accountId }))).toBe(
      'QINDEX_NOT_FOUND',
    );
    expect(await refusal(client.call(chain.transactions, { cursor: 'AAAA' }))).toBe(
      'INPUT_INVALID',
    );
    expect(await refusal(world.node.operator.call(chain.relay, {}))).toBe('QONSENT_DENIED');
  });

  it('lists transactions page by page, of all and of one account', async () => {
    const ben = newHolder();
    const ids: string[] = [];
    for (const amount of ['1', '2', '3']) {
      const [id = ''] = await handIn(client, ana, pay(ben, amount));
      await client.call(chain.waitFor, { transactionId: id, until: 'Confirmed' });
      ids.unshift(id);
    }
    const [newest = ''] = ids;
    await client.call(chain.waitFor, { transactionId: newest });
    const { accountId } = ben;
    const first = await client.call(chain.accountTransactions, { accountId, limit: 2 });
    const cursor = first.next ?? '';
    const rest = await client.call(chain.accountTransactions, { accountId, limit: 2, cursor });
    expect([...first.items, ...rest.items].map(({ transactionId }) => transactionId)).toEqual(ids);
    expect(rest.next).toBeUndefined();
    const all = await client.call(chain.transactions, { limit: 3 });
    expect(all.items.map(({ transactionId }) => transactionId)).toEqual(ids);
    // What was done before stands on the pages after it, each once.
    const older = await client.call(chain.transactions, { limit: 3, cursor: all.next ?? '' });
    expect(older.items.length).toBeGreaterThan(0);
    for (const { transactionId } of older.items) expect(ids).not.toContain(transactionId);
  });

  it('says how the network is, what it takes, and what lies where', async () => {
    const status = await network();
    expect(status).toMatchObject({ epoch: 0, isValidator: true });
    expect(status.validators).toEqual([status.publicKey]);
    expect(await client.call(chain.peers, {})).toMatchObject({ peers: [] });
    expect(await client.call(chain.fees, {})).toMatchObject({
      feeMin: '1',
      transactionsPerEntry_max: 256,
    });
    const stats = await client.call(chain.stats, {});
    expect(stats).toMatchObject({ supply: '1000000000', gaps: [] });
    expect(stats.transactions).toBeGreaterThan(5);
    const certificate = await client.call(chain.certificate, {});
    expect(certificate).toMatchObject({ signatures: 1, supply: '1000000000' });
    expect(shownBy(certificate.proof, status)).toMatchObject({
      holds: true,
      checkpoint: { seq: certificate.checkpoint },
    });
  });

  it('answers below the paths of the specification too', async () => {
    // What a client asks of /chain is asked of /api/v1.
    const gate = createServer((request, response) => {
      const { headers, method = 'GET', url = '' } = request;
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const kept = Object.entries(headers).filter(
          ([name, value]) =>
            typeof value === 'string' &&
            (name.startsWith('x-') || name === 'idempotency-key' || name === 'content-type'),
        ) as [string, string][];
        void fetch(`${world.url()}${url.replace('/chain/', '/api/v1/')}`, {
          method,
          headers: kept,
          ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
        }).then(async (answer) => response.writeHead(answer.status).end(await answer.text()));
      });
    });
    await new Promise<void>((resolve) => gate.listen(0, '127.0.0.1', resolve));
    const { port } = gate.address() as AddressInfo;
    const specified = createClient({
      contracts: [chain],
      transport: http({
        url: `http://127.0.0.1:${port}`,
        credentials: keys({
          did: person.did,
          seed: person.seed,
          nodeDid: world.node.kernel.node.did,
        }),
      }),
    });
    const ben = newHolder();
    const ended = await carriedOut(specified, ana, pay(ben, '4'));
    expect(ended.state).toBe('Finalized');
    const { accountId } = ben;
    expect(await specified.call(chain.account, { accountId })).toMatchObject({ balance: '4' });
    expect(await specified.call(chain.status, {})).toMatchObject({ epoch: 0 });
    gate.closeAllConnections();
    await new Promise((resolve) => gate.close(resolve));
  });

  it('tells those who watch an account, and nobody else, each change once', async () => {
    const [ben, watcher, stranger] = [
      newHolder(),
      await world.node.person('watcher'),
      await world.node.person('stranger'),
    ];
    const stop = new AbortController();
    const seen: { readonly who: string; readonly type: string; readonly data: unknown }[] = [];
    const reading = [watcher, stranger].map(async (who) => {
      const order = {
        url: world.url(),
        credentials: keys({ did: who.did, seed: who.seed, nodeDid: world.node.kernel.node.did }),
        operation: nodeContract.readEvents,
        topics: ['q.chain.*'],
        signal: stop.signal,
      };
      for await (const { event } of followEvents(order))
        seen.push({ who: who.did, type: event.type, data: event.data });
    });
    await expect.poll(() => world.node.kernel.streamsOf(stranger.did)).toBe(1);
    await expect.poll(() => world.node.kernel.streamsOf(watcher.did)).toBe(1);
    const { accountId } = ben;
    const { watchId } = await world.client(watcher).call(chain.watch, { accountId });
    const again = await world.client(watcher).call(chain.watch, { accountId });
    expect(again.watchId).toBe(watchId);
    const { transactionId } = await carriedOut(client, ana, pay(ben, '6'));
    const topics = [
      'q.chain.transaction.confirmed.v1',
      'q.chain.account.balance.changed.v1',
      'q.chain.transaction.finalized.v1',
    ];
    await expect.poll(() => seen.map(({ type }) => type)).toEqual(expect.arrayContaining(topics));
    expect(seen).toHaveLength(3);
    expect(new Set(seen.map(({ who }) => who))).toEqual(new Set([watcher.did]));
    const data = (topic: string) => seen.find(({ type }) => type === topic)?.data;
    expect(data('q.chain.account.balance.changed.v1')).toMatchObject({ accountId, balance: '6' });
    expect(data('q.chain.transaction.finalized.v1')).toMatchObject({ accountId, transactionId });
    expect((await world.client(stranger).call(chain.watches, {})).items).toEqual([]);
    await world.client(watcher).call(chain.unwatch, { watchId });
    expect((await world.client(watcher).call(chain.watches, {})).items).toEqual([]);
    // Fees are a change of a balance, too: of the treasury, which is no party of the transaction.
    const treasury = world.authority.accountId;
    await world.client(watcher).call(chain.watch, { accountId: treasury });
    const fees = BigInt(await balanceOf(treasury)) + 1n;
    await carriedOut(client, ana, pay(ben, '6'));
    await expect
      .poll(() => seen.at(-1)?.data)
      .toMatchObject({ accountId: treasury, balance: String(fees) });
    stop.abort();
    await Promise.allSettled(reading);
  });

  it('keeps balances, history and proofs through a restart', async () => {
    const ben = newHolder();
    const { transactionId } = await carriedOut(client, ana, pay(ben, '8'));
    await world.restart();
    client = world.client(person);
    expect(await balanceOf(ben.accountId)).toBe('8');
    const found = await client.call(chain.transaction, { transactionId });
    expect(found).toMatchObject({ state: 'Finalized', position: {} });
    const { proof } = await client.call(chain.proveTransaction, { transactionId });
    expect(shownBy(proof, await network())).toMatchObject({
      holds: true,
      receipt: { id: transactionId, code: 'OK' },
    });
    const ended = await carriedOut(client, ana, pay(ben, '1'));
    expect(ended.state).toBe('Finalized');
    expect((await client.call(chain.stats, {})).gaps).toEqual([]);
  });
});

it('a node whose chain can have no folder does not start, and says why', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'q-chain-')), 'file');
  await writeFile(file, '');
  await expect(startChainWorld({ folder: join(file, 'below') })).rejects.toMatchObject({
    code: 'FOLDER_UNUSABLE',
  });
  await rm(dirname(file), { recursive: true });
});

it('a node without a chain says so, and how to have one', async () => {
  const node = await startTestNode({ modules: ['node', 'squid', 'qonsent', 'chain'] });
  const result = await node.operator.result(chain.status, {});
  expect(result).toMatchObject({
    code: 'DEPENDENCY_MISSING',
    message: expect.stringContaining('--chain'),
  });
  await node.close();
});
