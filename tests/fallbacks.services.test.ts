import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient, delegate, http, keys, type Client } from '@anarq/common-clients';
import { deriveKeys, openRootKey, toBase64url } from '@anarq/crypto';
import type { NodeAddress } from '@anarq/node';
import { node as nodeModule } from '@anarq/node-module/contract';
import { qindex } from '@anarq/qindex/contract';
import { qonsent } from '@anarq/qonsent/contract';
import { squid } from '@anarq/squid/contract';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startApart, type NodeApart } from './apartWorld.ts';
import { bringIn, type Party } from './purchaseWorld.ts';

const CONTENT = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku';
const PATIENT = { timeout: 60_000, interval: 100 };

const clientOf = ({ url, node: nodeDid }: NodeAddress, { did, seed }: Party): Client =>
  createClient({
    contracts: [nodeModule, qindex, qonsent, squid],
    transport: http({ url, credentials: keys({ did, seed, nodeDid }) }),
  });

const note = (key: string) => ({ type: 'note', key, cid: CONTENT, tags: [] });

/** What was answered to the last call, as HTTP says it. */
function watchHttp() {
  const last: { status?: number; age?: string | null } = {};
  const plain = globalThis.fetch;
  vi.stubGlobal('fetch', async (...args: Parameters<typeof fetch>) => {
    const answer = await plain(...args);
    last.status = answer.status;
    last.age = answer.headers.get('age');
    return answer;
  });
  return last;
}

describe('a node whose index runs in another process, while that one is away', () => {
  const last = watchHttp();
  let node: NodeApart;
  let ana: Party;
  let ben: Party;
  let operator: Party;
  const here = (who: Party) => clientOf(node.front.address, who);
  const once = { retry: false } as const;

  beforeAll(async () => {
    node = await startApart(undefined, {}, ['qindex']);
    const { seed } = await openRootKey({
      file: join(node.folder, 'keys/operator.key'),
      create: false,
    });
    operator = { did: node.front.address.operator, seed };
    ana = await bringIn(here(operator), 'ana');
    ben = await bringIn(here(operator), 'ben');
  }, 240_000);
  afterAll(async () => {
    vi.unstubAllGlobals();
    await node.stop();
    await rm(node.folder, { recursive: true, force: true });
  });

  it('answers a read with what was answered last, and says that it is stale', async () => {
    const { recordId } = await here(ana).call(qindex.put, note('read before'));
    const fresh = await here(ana).result(qindex.get, { recordId });
    expect(fresh).not.toHaveProperty('stale');
    await node.money.kill();
    const stale = await here(ana).result(qindex.get, { recordId }, once);
    expect(stale).toMatchObject({
      status: 'ok',
      data: { recordId, record: { key: 'read before' } },
      stale: { since: expect.any(String), age_ms: expect.any(Number) },
    });
    expect(Number(last.age)).toBeGreaterThan(0);
    // What another was answered is nobody else's, and what was not asked before has no answer.
    expect((await here(ben).result(qindex.get, { recordId }, once)).code).toBe(
      'SERVICE_UNAVAILABLE',
    );
    expect((await here(ana).result(qindex.get, { recordId: 'rec_other' }, once)).code).toBe(
      'SERVICE_UNAVAILABLE',
    );
    await node.startMoney();
    await vi.waitFor(async () => {
      const again = await here(ana).result(qindex.get, { recordId });
      expect(again.status).toBe('ok');
      expect(again).not.toHaveProperty('stale');
    }, PATIENT);
  }, 120_000);

  it('shows nothing more to whom it was shown under a grant that was revoked since', async () => {
    const { recordId } = await here(ana).call(qindex.put, note('lent'));
    const token = delegate({
      keys: deriveKeys(ana.seed, { index: 0 }),
      issuer: ana.did,
      audience: ben.did,
      subject: ana.did,
      command: '/qindex/get',
      policy: [],
    });
    const { grant } = await here(ana).call(qonsent.grant, {
      audience: ben.did,
      command: '/qindex/get',
      token: toBase64url(token),
    });
    const read = () => here(ben).result(qindex.get, { recordId }, once);
    expect((await read()).status).toBe('ok');
    await node.money.kill();
    expect(await read()).toMatchObject({ status: 'ok', stale: {} });
    await here(ana).call(qonsent.revoke, { grant });
    expect((await read()).code).toBe('SERVICE_UNAVAILABLE');
    await node.startMoney();
  }, 120_000);

  it('keeps a write over its own death as well, and makes it once when the other is back', async () => {
    await node.money.kill();
    const key = { idempotencyKey: 'kept', ...once };
    const kept = await here(ana).result(qindex.put, note('kept'), key);
    expect(last.status).toBe(202);
    expect(kept).toMatchObject({ code: 'CALL_QUEUED', details: { module: 'qindex' } });
    const { jobId } = (kept.status === 'error' ? kept.details : {}) as { jobId: string };
    // The same call is the same job; another input under its key is refused.
    const again = await here(ana).result(qindex.put, note('kept'), key);
    expect(again).toMatchObject({ code: 'CALL_QUEUED', details: { jobId }, replayed: true });
    const other = await here(ana).result(qindex.put, note('another'), key);
    expect(other.code).toBe('VERSION_CONFLICT');
    expect(await here(ana).call(nodeModule.job, { jobId })).toMatchObject({ state: 'RUNNING' });

    await node.front.kill();
    await node.startMoney();
    await node.startFront();
    const job = await vi.waitFor(async () => {
      const found = await here(ana).call(nodeModule.job, { jobId });
      expect(found).toMatchObject({
        state: 'DONE',
        result: { record: { key: 'kept', version: 1 } },
      });
      return found;
    }, PATIENT);
    // Asked for again under its key, it is answered with what was done then.
    const answered = await here(ana).result(qindex.put, note('kept'), key);
    expect(answered).toMatchObject({ status: 'ok', replayed: true, data: job.result });
  }, 240_000);

  it('makes a write once that was made already when the other died before it answered', async () => {
    await node.money.kill();
    await node.startMoney({ killAt: 'after-commit qindex.put' });
    await vi.waitFor(async () => {
      const listed = await here(ana).result(qindex.list, { keyPrefix: 'nothing' });
      expect(listed).not.toHaveProperty('stale');
      expect(listed.status).toBe('ok');
    }, PATIENT);
    const unknown = await here(ana).result(qindex.put, note('unanswered'), {
      idempotencyKey: 'unanswered',
      ...once,
    });
    expect(unknown.code).toBe('CALL_QUEUED');
    expect(await node.money.exited).toBe('SIGKILL');
    await node.startMoney();
    const { jobId } = (unknown.status === 'error' ? unknown.details : {}) as { jobId: string };
    await vi.waitFor(
      async () =>
        expect(await here(ana).call(nodeModule.job, { jobId })).toMatchObject({
          state: 'DONE',
          result: { record: { key: 'unanswered', version: 1 } },
        }),
      PATIENT,
    );
    const { items } = await here(ana).call(qindex.list, { key: 'unanswered' });
    expect(items).toMatchObject([{ record: { version: 1 } }]);
  }, 240_000);

  it('makes nothing of somebody who was suspended meanwhile', async () => {
    await node.money.kill();
    const kept = await here(ben).result(qindex.put, note('not made'), once);
    expect(kept.code).toBe('CALL_QUEUED');
    const { jobId } = (kept.status === 'error' ? kept.details : {}) as { jobId: string };
    await here(operator).call(squid.suspend, { did: ben.did });
    await node.startMoney();
    await vi.waitFor(async () => {
      const { items } = await here(operator).call(nodeModule.processes, {});
      expect(items.map(({ processId }) => processId)).not.toContain(jobId);
    }, PATIENT);
    await here(operator).call(squid.resume, { did: ben.did });
    expect(await here(ben).call(nodeModule.job, { jobId })).toMatchObject({
      state: 'FAILED',
      error: { code: 'QONSENT_DENIED' },
    });
    const { items } = await here(ben).call(qindex.list, { key: 'not made' });
    expect(items).toEqual([]);
  }, 120_000);
});
