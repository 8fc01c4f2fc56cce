import { join } from 'node:path';
import { openRootKey, replaceRootKey, rotatedKey } from '@anarq/crypto';
import { qerberos } from '@anarq/qerberos/contract';
import { startTestNode, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lab, labModule } from './lab.ts';

let node: TestNode;
beforeAll(async () => {
  node = await startTestNode({ modules: ['node', 'qerberos'], extra: [labModule()] });
});
afterAll(() => node.close());

describe('a store under another root key', () => {
  it('is sealed anew, its log handed over, and answers as before', async () => {
    const ana = await node.person('ana');
    const put = { id: 'kept', text: 'what was kept' };
    const first = await ana.call(lab.put, put, { idempotencyKey: 'once' });
    const trusted = node.kernel.logKeys.trust;
    const file = join(node.folder, 'keys/root.key');
    const why = { retiredAt: new Date().toISOString(), reason: 'planned' } as const;
    await replaceRootKey(file, rotatedKey(await openRootKey({ file, create: false }), why));
    await node.restart();
    const { count, left } = await node.kernel.resealed();
    expect(left).toEqual([]);
    expect(count).toBeGreaterThan(5);
    expect(node.kernel.logKeys.trust).not.toBe(trusted);
    expect(node.kernel.services.log.handovers.map(({ from }) => from.ed25519)).toEqual([trusted]);
    expect(await ana.call(lab.put, put, { idempotencyKey: 'once' })).toEqual(first);
    expect(await ana.call(lab.get, { id: 'kept' })).toEqual(put);
    const { items } = await ana.call(qerberos.search, { op: 'lab.put' });
    expect(items.length).toBeGreaterThan(0);
    expect((await node.kernel.services.log.verifySelf()).problems).toEqual([]);

    // The next start has nothing to do.
    await node.restart();
    expect((await node.kernel.resealed()).count).toBe(0);
    expect(node.errors).toEqual([]);
  });
});
