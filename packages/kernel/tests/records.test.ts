import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { verifyReceipt, type RecordBody } from '@anarq/log';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { call } from '../src/index.ts';
import { lab, labModule } from './lab.ts';
import { agentOf, codeOf, grant, send } from './support.ts';

let node: TestNode;
let ana: Actor;
let count = 0;

beforeAll(async () => {
  node = await startTestNode({
    modules: [],
    extra: [
      labModule({
        work: (input, ctx) => {
          if (input.arg?.startsWith('did:') === true) ctx.party(input.arg);
          if (input.arg === 'tell') {
            ctx.emit('q.lab.worked.v1', { id: 'one' });
            ctx.emit('q.lab.worked.v1', { id: 'two' });
          }
          return { text: 'worked' };
        },
        run: async (input, ctx) => {
          await ctx.step(
            'put',
            lab.put,
            { id: `p${count}`, text: 'x' },
            {
              undo: ({ id }) => call(lab.del, { id }),
            },
          );
          await ctx.step('own', lab.work, {}, { as: 'module' });
          await ctx.step('inner', lab.inner, {});
          if (input.arg === 'fail') await ctx.step('reject', lab.reject, {});
          return { text: 'ran' };
        },
        inner: async (_, ctx) => ctx.step('work', lab.work, {}),
      }),
    ],
  });
});
afterAll(() => node.close());
beforeEach(async () => {
  count += 1;
  ana = await node.person(`ana ${count}`);
});

const trust = () => node.kernel.logKeys.trust;
const receiptOf = async (cid: string | undefined, party: string) =>
  verifyReceipt(await node.kernel.services.log.receipt(cid ?? '', party), { trust: trust() });
const bodiesOf = async (did: string): Promise<RecordBody[]> => {
  const { log, node: facts } = node.kernel.services;
  await log.integrate();
  const { items } = await log.search({ party: did, tenant: facts.tenant, limit: 200 });
  return items.map(({ body }) => body);
};

describe('a write', () => {
  it('has a record, whose receipt anybody verifies with the log’s key alone', async () => {
    const put = await ana.result(lab.put, { id: `w${count}`, text: 'x' });
    const verdict = await receiptOf(put.cid, ana.did);
    expect(verdict).toMatchObject({ ok: true, signer: 'trusted', problems: [] });
    expect(verdict.records[0]?.body).toMatchObject({
      kind: 'call',
      op: 'lab.put',
      version: '1.0.0',
      actor: ana.did,
      subject: ana.did,
      signedBy: 'self',
      surface: 'process',
      code: 'SUCCESS',
      verdict: 'ALLOW',
      why: { rule: 'the caller acts for itself' },
      inputDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
      outputDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
      idempotencyKeyDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it('under a grant names chain, ceiling and cost, and who signed', async () => {
    const agent = await agentOf(node, ana, { budget: { unit: 'EUR', total: '9' } });
    const paid = await agent.result(lab.pay, { amount: '5', unit: 'EUR', really: '2' });
    const verdict = await receiptOf(paid.cid, ana.did);
    expect(verdict.records[0]?.body).toMatchObject({
      actor: agent.did,
      subject: ana.did,
      signedBy: 'custodian',
      grants: [agent.grant],
      ceiling: { amount: '5', unit: 'EUR' },
      cost: { amount: '2', unit: 'EUR' },
      why: { grant: agent.grant, chain: [agent.grant], changeableBy: ana.did },
    });
  });

  it('that is finally refused has one too, with the code', async () => {
    const refused = await ana.result(lab.reject, {});
    const verdict = await receiptOf(refused.cid, ana.did);
    expect(verdict.records[0]?.body).toMatchObject({
      kind: 'refusal',
      code: 'STATE_CONFLICT',
      verdict: 'DENY',
    });
  });

  it('is opened by its parties, the owner among them, and by nobody else', async () => {
    const [ben, cleo] = [await node.person(`ben ${count}`), await node.person(`cleo ${count}`)];
    await ana.call(lab.put, { id: `s${count}`, text: 'x' });
    await grant(node, ana, ben.did, { command: '/lab/set' });
    const set = await ben.result(lab.set, { id: `s${count}`, text: 'y' });
    for (const did of [ana.did, ben.did]) expect((await receiptOf(set.cid, did)).ok).toBe(true);
    await expect(receiptOf(set.cid, cleo.did)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const told = await ana.result(lab.work, { arg: cleo.did });
    expect((await receiptOf(told.cid, cleo.did)).ok).toBe(true);
  });

  it('is recorded once, however often it is asked for', async () => {
    for (let i = 0; i < 3; i++) await ana.call(lab.work, {}, { idempotencyKey: `once${count}` });
    expect(await bodiesOf(ana.did)).toHaveLength(1);
  });

  it('is in the tree that the log signs, whole', async () => {
    await node.kernel.services.log.integrate();
    expect(await node.kernel.services.log.verifySelf()).toMatchObject({ ok: true, problems: [] });
  });
});

describe('a process', () => {
  it('has a receipt with its admission, every step and its outcome', async () => {
    const ran = await ana.result(lab.run, {});
    const verdict = await receiptOf(ran.cid, ana.did);
    expect(verdict).toMatchObject({ ok: true, problems: [] });
    const kinds = verdict.records.map(({ body }) => `${body?.['op']} ${body?.['kind']}`);
    expect(kinds.toSorted()).toEqual([
      'lab.inner admission',
      'lab.inner outcome',
      'lab.put call',
      'lab.run admission',
      'lab.run outcome',
      'lab.work call',
      'undefined undefined',
    ]);
    // The step of the module itself is in the receipt, but closed to the caller.
    const own = verdict.records.filter(({ body }) => body === null);
    expect(own).toHaveLength(1);
    const module = node.kernel.node.modules['lab']!;
    expect((await bodiesOf(module)).some(({ op }) => op === 'lab.work')).toBe(true);
    const again = await receiptOf(ran.cid, ana.did);
    expect(again.records).toHaveLength(7);
  });

  it('that was undone says so in its outcome, and shows the undo', async () => {
    const ran = await ana.result(lab.run, { arg: 'fail' });
    const verdict = await receiptOf(ran.cid, ana.did);
    expect(verdict.ok).toBe(true);
    const outcomes = verdict.records.filter(({ body }) => body?.['kind'] === 'outcome');
    expect(outcomes.map(({ body }) => body?.['code']).toSorted()).toEqual([
      'STATE_CONFLICT',
      'SUCCESS',
    ]);
    expect(verdict.records.map(({ body }) => body?.['op'])).toContain('lab.del');
  });
});

describe('a request id of the caller', () => {
  it('neither makes a call fail that another carried it too, nor joins other records', async () => {
    const ben = await node.person(`ben ${count}`);
    const mine = await ana.result(lab.run, {});
    for (const requestId of ['same', 'same', mine.cid!, 'x'.repeat(5_000), '', ' \n']) {
      const answer = await node.kernel.invoke({
        operation: 'lab.open',
        input: {},
        surface: 'http',
        credential: { kind: 'anonymous' },
        requestId,
      });
      expect(codeOf(answer)).toBe('SUCCESS');
      const refused = await node.kernel.invoke({
        operation: 'lab.room',
        input: {},
        surface: 'http',
        credential: { kind: 'anonymous' },
        requestId,
      });
      if (refused.status === 'error' && requestId !== 'same')
        expect(refused.requestId).toMatch(/^req_/);
    }
    const sent = { requestId: 'the-same-for-all' };
    for (const who of [ana, ben, ana])
      expect(codeOf(await send(node, who, lab.work, { arg: 'tell' }, { sent }))).toBe('SUCCESS');
    const theirs = await ben.result(lab.work, {});
    expect((await receiptOf(theirs.cid, ben.did)).records).toHaveLength(1);
  });
});

describe('what has no commit of its own', () => {
  it('refusals are counted by caller, operation and code, not written one by one', async () => {
    const ben = await node.person(`ben ${count}`);
    await ana.call(lab.put, { id: `d${count}`, text: 'x' });
    for (let i = 0; i < 25; i++) await ben.result(lab.set, { id: `d${count}`, text: 'y' });
    await ben.result(lab.get, { id: `d${count}` });
    await node.restart();
    const denials = (await bodiesOf(ben.did)).filter(({ kind }) => kind === 'denials');
    expect(denials.map(({ op, code, note }) => [op, code, note])).toEqual(
      expect.arrayContaining([
        ['lab.set', 'QONSENT_DENIED', '25 times'],
        ['lab.get', 'QONSENT_DENIED', '1 times'],
      ]),
    );
    expect(denials).toHaveLength(2);
    // The owner may see who tried.
    expect((await bodiesOf(ana.did)).filter(({ kind }) => kind === 'denials')).toHaveLength(2);
  });

  it('reads of personal data are recorded within a second; other reads are not', async () => {
    await ana.call(lab.diary, {});
    await ana.call(lab.list, {});
    await expect
      .poll(async () => (await bodiesOf(ana.did)).map(({ op, kind }) => [op, kind]), {
        timeout: 5_000,
      })
      .toEqual([['lab.diary', 'read']]);
  });

  it('a flood of personal reads leaves none out', async () => {
    const answers = await Promise.all(Array.from({ length: 550 }, () => ana.result(lab.diary, {})));
    const ben = await node.person(`ben ${count}`);
    const more = await Promise.all(Array.from({ length: 550 }, () => ben.result(lab.diary, {})));
    const read = [...answers, ...more].filter(({ status }) => status === 'ok').length;
    await node.restart();
    const [row] = await node.store.read(
      `SELECT count(*) AS n FROM log_record WHERE op = 'lab.diary' AND at_ms > 0`,
    );
    expect(read).toBe(1_100);
    expect(row?.['n']).toBeGreaterThanOrEqual(1_100);
  });
});

describe('the file of the node', () => {
  it('has nothing of what callers said, were answered, and are called', async () => {
    const marker = `marker${crypto.randomUUID().replaceAll('-', '')}`;
    const person = await node.person(marker);
    await person.call(lab.work, { arg: `did:squid:${marker}` });
    await person.result(lab.run, { arg: marker });
    await person.result(lab.set, { id: 'none', text: marker });
    await person.result(lab.buy, { amount: '1', unit: 'EUR', arg: marker });
    await node.restart();
    for (const suffix of ['', '-wal']) {
      const bytes = await readFile(join(node.folder, 'data', `node.sqlite${suffix}`)).catch(
        () => null,
      );
      expect(bytes?.includes(marker) ?? false).toBe(false);
    }
  });
});
