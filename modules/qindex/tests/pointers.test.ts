import fc from 'fast-check';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { qindex } from '../src/contract.ts';

const CIDS = [
  'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku',
  'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy',
  'bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e',
] as const;
let node: TestNode;
let ana: Actor;
let ben: Actor;

beforeAll(async () => {
  node = await startTestNode({ modules: ['qindex'] });
  ana = await node.person('ana');
  ben = await node.person('ben');
});
afterAll(() => node.close());

describe('pointers', () => {
  it('move from version to version and remember where they pointed', async () => {
    const key = 'site/latest';
    for (const [expectVersion, cid] of CIDS.entries())
      await ana.call(qindex.setPointer, { key, cid, expectVersion });
    const pointer = await ana.call(qindex.pointer, { key });
    expect(pointer).toMatchObject({ key, currentCid: CIDS[2], version: 3 });
    expect(pointer.history.map(({ cid }) => cid)).toEqual(CIDS.toReversed());
    expect(pointer.history[0]?.prevCid).toBe(CIDS[1]);
  });

  it('do not move from a version that is no longer theirs', async () => {
    const key = 'site/guarded';
    await ana.call(qindex.setPointer, { key, cid: CIDS[0], expectVersion: 0 });
    const late = await ana.result(qindex.setPointer, { key, cid: CIDS[1], expectVersion: 0 });
    expect(late).toMatchObject({ code: 'VERSION_CONFLICT', details: { expected: 0, current: 1 } });
    expect((await ana.call(qindex.pointer, { key })).currentCid).toBe(CIDS[0]);
  });

  it('are read by others once published, without what was private before', async () => {
    const key = 'site/published';
    await ana.call(qindex.setPointer, { key, cid: CIDS[0], expectVersion: 0 });
    expect(await ben.result(qindex.pointer, { key, owner: ana.did })).toMatchObject({
      code: 'QINDEX_NOT_FOUND',
    });
    await ana.call(qindex.setPointer, {
      key,
      cid: CIDS[1],
      expectVersion: 1,
      visibility: 'tenant',
      metadata: { channel: 'stable' },
    });
    const seen = await ben.call(qindex.pointer, { key, owner: ana.did });
    expect(seen).toMatchObject({ currentCid: CIDS[1], metadata: { channel: 'stable' } });
    expect(seen.history.map(({ cid }) => cid)).toEqual([CIDS[1]]);
    expect((await ana.call(qindex.pointer, { key })).history).toHaveLength(2);
  });

  it('are not written with put', async () => {
    const answer = await ana.result(qindex.put, {
      type: 'qindex/pointer',
      key: 'site/latest',
      cid: CIDS[0],
      tags: [],
    });
    expect(answer).toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('let exactly one of any number of concurrent moves from the same version win', async () => {
    let round = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 12 }),
        fc.integer({ min: 0, max: 2 }),
        async (n, moves) => {
          const key = `race/${round++}`;
          for (let v = 0; v < moves; v++)
            await ana.call(qindex.setPointer, { key, cid: CIDS[0], expectVersion: v });
          const answers = await Promise.all(
            Array.from({ length: n }, (_, i) =>
              ana.result(qindex.setPointer, {
                key,
                cid: CIDS[1 + (i % 2)]!,
                expectVersion: moves,
                metadata: { by: String(i) },
              }),
            ),
          );
          const won = answers.filter((answer) => answer.status === 'ok');
          expect(won).toHaveLength(1);
          for (const answer of answers)
            if (answer.status === 'error')
              expect(answer).toMatchObject({
                code: 'VERSION_CONFLICT',
                details: { current: moves + 1 },
              });
          const now = await ana.call(qindex.pointer, { key });
          expect(now.version).toBe(moves + 1);
          expect(now.metadata).toEqual(won[0]?.status === 'ok' ? won[0].data.metadata : undefined);
        },
      ),
      { numRuns: 12 },
    );
  });
});
