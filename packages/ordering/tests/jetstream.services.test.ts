import { describe } from 'vitest';
import { testNatsUrl, canReach, newSpace, testKey } from './natsOrders.ts';
import { forgetJetStreamOrder, openJetStreamOrdering } from '../src/index.ts';
import { describesAnOrder } from './conformance.ts';

describe.skipIf(!(await canReach()))('an order by a stream', () => {
  describesAnOrder('jetstream', {
    nodes: 3,
    propertyRuns: 25,
    makeWorld: async () => {
      const space = newSpace();
      return {
        open: (_node, applier, limits) =>
          openJetStreamOrdering({
            url: testNatsUrl(),
            space,
            key32: testKey,
            applier,
            limits: { ...limits },
            onError: () => undefined,
          }),
        close: () => forgetJetStreamOrder(testNatsUrl(), space),
      };
    },
  });
});
