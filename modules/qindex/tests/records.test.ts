import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { qindex } from '../src/contract.ts';
import { give } from './give.ts';

const CIDS = [
  'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku',
  'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy',
  'bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e',
] as const;

let node: TestNode;
let ana: Actor;
let ben: Actor;
let elsewhere: Actor;

beforeAll(async () => {
  node = await startTestNode({ modules: ['qindex'] });
  ana = await node.person('ana');
  ben = await node.person('ben');
  elsewhere = await node.person('elsewhere', 'other');
});
afterAll(() => node.close());

const dataset = (key: string, more: Partial<Parameters<typeof put>[1]> = {}) => ({
  type: 'dataset',
  key,
  cid: CIDS[0] as string,
  tags: [] as string[],
  ...more,
});
const put = (
  who: Actor,
  input: {
    type: string;
    key: string;
    cid: string;
    tags: string[];
    text?: string;
    visibility?: 'owner' | 'tenant';
    expectVersion?: number;
  },
) => who.call(qindex.put, input);

describe('records', () => {
  it('get versions that grow by one, each linked to the one before', async () => {
    const first = await put(ana, dataset('harvest/2025'));
    const second = await put(ana, dataset('harvest/2025', { cid: CIDS[1] }));
    expect(second.recordId).toBe(first.recordId);
    expect(first.record).not.toHaveProperty('prevCid');
    expect(second.record).toMatchObject({ version: 2, cid: CIDS[1], prevCid: CIDS[0] });
    const { items } = await ana.call(qindex.history, { recordId: first.recordId });
    expect(items.map(({ record }) => record.version)).toEqual([2, 1]);
    expect(items[1]?.record.cid).toBe(CIDS[0]);
  });

  it('of two owners may bear the same type and key', async () => {
    const hers = await put(ana, dataset('shared-name'));
    const his = await put(ben, dataset('shared-name'));
    expect(his.recordId).not.toBe(hers.recordId);
    expect(his.record.version).toBe(1);
  });

  it('are written only at the version expected, and the refusal names the current one', async () => {
    await put(ana, dataset('guarded', { expectVersion: 0 }));
    await put(ana, dataset('guarded', { expectVersion: 1 }));
    const late = await ana.result(qindex.put, dataset('guarded', { expectVersion: 1 }));
    expect(late).toMatchObject({
      status: 'error',
      code: 'VERSION_CONFLICT',
      details: { expected: 1, current: 2 },
    });
    const again = await ana.result(qindex.put, dataset('guarded', { expectVersion: 0 }));
    expect(again).toMatchObject({ code: 'VERSION_CONFLICT', details: { current: 2 } });
  });

  it('that are removed are gone from every list, and their versions go on where they stopped', async () => {
    const { recordId } = await put(ana, dataset('short-lived', { text: 'ephemeral words' }));
    await ana.call(qindex.remove, { recordId, expectVersion: 1 });
    expect(await ana.result(qindex.get, { recordId })).toMatchObject({ code: 'QINDEX_NOT_FOUND' });
    expect(await ana.result(qindex.remove, { recordId })).toMatchObject({
      code: 'QINDEX_NOT_FOUND',
    });
    expect((await ana.call(qindex.search, { query: 'ephemeral' })).items).toEqual([]);
    expect((await ana.call(qindex.list, { key: 'short-lived' })).items).toEqual([]);
    const left = await node.store.read(
      'SELECT body FROM qindex_document WHERE record_id = :recordId',
      { recordId },
    );
    expect(left).toEqual([]);
    const back = await put(ana, dataset('short-lived', { expectVersion: 0 }));
    expect(back.record.version).toBe(3);
    const { items } = await ana.call(qindex.history, { recordId });
    expect(items.map(({ change }) => change)).toEqual(['PUT', 'REMOVED', 'PUT']);
  });

  it('are listed in order of key, page by page, filtered by prefix and tag', async () => {
    const lister = await node.person('lister');
    for (const key of ['b/2', 'a/1', 'b/1', 'b/3', 'b%'])
      await put(lister, dataset(key, { type: 'note', tags: key === 'b/2' ? ['odd'] : [] }));
    const read = async (more: object) => {
      const keys: string[] = [];
      for (let cursor: string | undefined; ;) {
        const page = await lister.call(qindex.list, {
          type: 'note',
          limit: 2,
          ...more,
          ...(cursor === undefined ? {} : { cursor }),
        });
        keys.push(...page.items.map(({ record }) => record.key));
        if (page.next === undefined) return keys;
        cursor = page.next;
      }
    };
    expect(await read({})).toEqual(['a/1', 'b%', 'b/1', 'b/2', 'b/3']);
    expect(await read({ keyPrefix: 'b/' })).toEqual(['b/1', 'b/2', 'b/3']);
    expect(await read({ keyPrefix: 'b%' })).toEqual(['b%']);
    expect(await read({ tag: 'odd' })).toEqual(['b/2']);
    expect(await lister.result(qindex.list, { cursor: 'bm90LWEtY3Vyc29y' })).toMatchObject({
      code: 'INPUT_INVALID',
    });
  });
});

describe('who may see a record', () => {
  it('is its owner alone by default; others learn nothing of it', async () => {
    const { recordId } = await put(ana, dataset('private', { text: 'walrus' }));
    for (const stranger of [ben, elsewhere]) {
      expect(await stranger.result(qindex.get, { recordId })).toMatchObject({
        code: 'QINDEX_NOT_FOUND',
      });
      expect((await stranger.call(qindex.list, { key: 'private' })).items).toEqual([]);
      expect((await stranger.call(qindex.search, { query: 'walrus' })).items).toEqual([]);
      expect(await stranger.result(qindex.history, { recordId })).toMatchObject({
        status: 'error',
      });
      expect(await stranger.result(qindex.remove, { recordId })).toMatchObject({
        status: 'error',
      });
    }
    expect((await ana.call(qindex.get, { recordId })).record.version).toBe(1);
  });

  it('is the whole tenant where the record says so, and nobody beyond it', async () => {
    const { recordId } = await put(
      ana,
      dataset('public-ish', { text: 'narwhal', visibility: 'tenant' }),
    );
    expect(await ben.call(qindex.get, { recordId })).toMatchObject({ owner: ana.did });
    expect((await ben.call(qindex.search, { query: 'narwhal' })).items).toHaveLength(1);
    expect((await ben.call(qindex.list, { key: 'public-ish' })).items).toHaveLength(1);
    expect(await ben.result(qindex.remove, { recordId })).toMatchObject({ code: 'QONSENT_DENIED' });
    expect((await elsewhere.call(qindex.search, { query: 'narwhal' })).items).toEqual([]);
    expect(await elsewhere.result(qindex.get, { recordId })).toMatchObject({
      code: 'QINDEX_NOT_FOUND',
    });
  });

  it('is also who holds a grant, for as long as it is in force', async () => {
    const friend = await node.person('friend');
    const { recordId } = await put(ana, dataset('lent', { text: 'beluga' }));
    await put(ana, dataset('not-lent', { text: 'beluga' }));
    const grant = await give(node, {
      from: ana,
      to: friend,
      policy: [['==', '.resource', `qindex/record/${recordId}`]],
    });
    expect((await friend.call(qindex.get, { recordId })).record.key).toBe('lent');
    expect((await friend.call(qindex.history, { recordId })).items).toHaveLength(1);
    const keys = async () =>
      (await friend.call(qindex.search, { query: 'beluga' })).items.map(({ record }) => record.key);
    expect(await keys()).toEqual(['lent']);
    expect((await friend.call(qindex.list, { owner: ana.did, key: 'lent' })).items).toHaveLength(1);
    await grant.revoke();
    expect(await keys()).toEqual([]);
    expect(await friend.result(qindex.get, { recordId })).toMatchObject({
      code: 'QINDEX_NOT_FOUND',
    });
  });
});
