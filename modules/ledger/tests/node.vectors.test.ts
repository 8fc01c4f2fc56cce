import { startTestNode, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodePlayer } from './nodePlayer.ts';
import { playVector, told, unfitFile } from './runVector.ts';
import { haveVectors, readVector, vectorNames, type Action } from './vectorFile.ts';

const startAt = (clock: { readonly skew_ms: number }): Promise<TestNode> =>
  startTestNode({ modules: ['ledger'], now_ms: () => Date.now() + clock.skew_ms });

/** What is about all accounts is the operator's to do, and what is imported comes before all else. */
const asksOperator = (actions: readonly Action[]): boolean =>
  actions.some(
    (action) =>
      (action.kind === 'query' && action.operation === 'query_transfers') ||
      ('importedAt' in action && action.importedAt !== undefined),
  );

describe.skipIf(!haveVectors)('a node answers as the tables of TigerBeetle say', () => {
  const clock = { skew_ms: 0 };
  let node: TestNode;
  beforeAll(async () => {
    node = await startAt(clock);
  });
  afterAll(async () => node.close());

  for (const name of vectorNames) {
    const tables = readVector(name);
    it(`${name}`, async ({ skip }) => {
      for (const [place, actions] of tables.entries()) {
        // A ledger of its own for each table: a tenant of its own, or a node where the operator is asked.
        const own = asksOperator(actions) ? await startAt(clock) : undefined;
        const caller = own?.operator ?? (await node.person('auditor', `${name}${place}`));
        const player = nodePlayer(caller, clock);
        const unfit = unfitFile(actions, player);
        if (unfit !== undefined) return skip(unfit);
        console.info(told(name, await playVector(actions, player)));
        expect(own?.errors ?? []).toStrictEqual([]);
        await own?.close();
      }
      expect(node.errors).toStrictEqual([]);
    });
  }
});
