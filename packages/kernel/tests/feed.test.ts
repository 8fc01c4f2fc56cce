import { startTestNode, type TestNode } from '@anarq/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { feedHead, readFeed } from '../src/apart/feed.ts';

describe('the feed of who exists and who may what', () => {
  let node: TestNode;
  beforeEach(async () => {
    node = await startTestNode({ modules: ['squid'] });
  });
  afterEach(() => node.close());

  it('passes over nobody who comes while a page of it is read', async () => {
    const { services } = node.kernel;
    const came: string[] = [];
    const whileOthersCome: Pick<TestNode['store'], 'read'> = {
      read: async (sql, params) => {
        const rows = await node.store.read(sql, params);
        came.push((await node.person(`comes ${came.length}`)).did);
        return rows;
      },
    };
    const before = await feedHead(node.store);
    const page = await readFeed(services, whileOthersCome, before);
    const next = await readFeed(services, node.store, page.upTo);
    expect(came.length).toBeGreaterThan(1);
    expect([...page.entries, ...next.entries].map(({ key }) => key)).toEqual(came);
  });
});
