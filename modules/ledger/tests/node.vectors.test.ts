import { startTestNode, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodePlayer } from './nodePlayer.ts';
import { playVector, told, unfitFile } from './runVector.ts';
import { haveVectors, readVector, vectorNames } from './vectorFile.ts';

describe.skipIf(!haveVectors)('a node answers as the tables of TigerBeetle say', () => {
  const clock = { skew_ms: 0 };
  let node: TestNode;
  beforeAll(async () => {
    node = await startTestNode({
      modules: ['ledger'],
      now_ms: () => Date.now() + clock.skew_ms,
    });
  });
  afterAll(async () => node.close());

  for (const name of vectorNames) {
    const tables = readVector(name);
    it(`${name}`, async ({ skip }) => {
      for (const [place, actions] of tables.entries()) {
        // A ledger of its own for each table: a tenant of its own.
        const player = nodePlayer(await node.person('auditor', `${name}${place}`), clock);
        const unfit = unfitFile(actions, player);
        if (unfit !== undefined) return skip(unfit);
        console.info(told(name, await playVector(actions, player)));
      }
      expect(node.errors).toStrictEqual([]);
    });
  }
});
