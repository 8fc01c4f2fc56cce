import { describe } from 'vitest';
import { openLocalOrdering } from '../src/index.ts';
import { describesAnOrder } from './conformance.ts';

describe('an order by one writer', () => {
  describesAnOrder('local', {
    nodes: 1,
    propertyRuns: 40,
    makeWorld: async () => ({
      open: async (_node, applier, limits) => openLocalOrdering({ applier, limits: { ...limits } }),
      close: async () => undefined,
    }),
  });
});
