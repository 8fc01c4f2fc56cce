import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { matches, topicFilter } from '../src/topics.ts';
import { emit, outboxStore, testBus } from './support.ts';

describe('a topic pattern', () => {
  it('means the same in memory and in the store: equal, or all below the dot', async () => {
    const store = await outboxStore();
    const { bus } = await testBus(store);
    const letters = ['a', 'ab', 'b-', 'B', '0', '_'];
    const all = letters.flatMap((one) => [
      one,
      `${one}_a`,
      `${one}-a`,
      `${one}0`,
      ...letters.flatMap((two) => [`${one}.${two}`, `${one}.${two}.a`]),
    ]);
    const topics = [...new Set(all)];
    await emit(store, bus, ...topics.map((topic) => ({ id: topic, topic })));
    const pattern = fc
      .tuple(fc.constantFrom(...topics), fc.boolean())
      .map(([topic, below]) => (below ? `${topic}.*` : topic));
    await fc.assert(
      fc.asyncProperty(fc.array(pattern, { minLength: 1, maxLength: 4 }), async (patterns) => {
        const wanted = topics.filter((topic) =>
          patterns.some((one) =>
            one.endsWith('.*') ? topic.startsWith(one.slice(0, -1)) : topic === one,
          ),
        );
        const filter = topicFilter(patterns);
        expect(topics.filter((topic) => matches(filter, topic))).toEqual(wanted);
        const { events } = await bus.read({ tenant: 'acme', topics: patterns, limit: 200 });
        expect(events.map(({ id }) => id)).toEqual(wanted);
      }),
    );
  });
});
