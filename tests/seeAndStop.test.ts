import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { q, up, type UpNode } from './qCommand.ts';

let folder: string;
let where: string[];
let node: UpNode;
const run = (...args: string[]) => q(...args, ...where.slice(0, 2));
const read = <T>(text: string): T => JSON.parse(text) as T;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'q-see-'));
  where = ['--data', join(folder, 'data'), '--keys', join(folder, 'keys')];
  node = await up(...where);
}, 120_000);
afterAll(async () => {
  await node.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('an agent that buys', () => {
  it('is seen, explained, stopped with its token, and started again without it', async () => {
    const limits = ['--budget', '20rUv', '--per-call', '5rUv', '--until', '2h'];
    const allow = ['--allow', 'market.purchase,qmarket.search'];
    expect((await run('agent', 'add', 'buyer', ...limits, ...allow)).code).toBe(0);
    const token = (await run('agent', 'token', 'buyer')).stdout.trim();
    const call = (op: string, input: object) =>
      run('call', op, JSON.stringify(input), '--token', token, '--json');
    const found = read<{ data: { items: { listingId: string }[] } }>(
      (await call('qmarket.search', { query: 'zones' })).stdout,
    );
    const [listing] = found.data.items;
    const order = { listingId: listing?.listingId, maxPrice: '5', unit: 'rUv' };
    const { cid } = read<{ cid: string }>((await call('qmarket.purchase', order)).stdout);

    const why = await run('why', cid);
    expect(why.stdout).toContain('qmarket.purchase  SUCCESS');
    expect(why.stdout).toContain('op is qmarket.purchase or op is qmarket.search');
    expect(why.stdout).toMatch(/spent +\S+ of 20 rUv/);
    expect(why.stdout).toMatch(/✓ qwallet\.reserve/);
    const told = read<{ chains: unknown[][]; steps: unknown[] }>(
      (await run('why', cid, '--json')).stdout,
    );
    expect([told.chains.length > 0, told.steps.length > 0]).toEqual([true, true]);

    const seen = await run('activity', '--agent', 'buyer');
    expect(seen.stdout).toContain(cid);

    // Also when others wrote more than one page of records since.
    for (const other of ['one', 'two', 'three', 'four', 'five']) {
      expect((await run('agent', 'add', other, ...limits, '--allow', 'qindex.put')).code).toBe(0);
      const authorization = `Bearer ${(await run('agent', 'token', other)).stdout.trim()}`;
      const put = (_: unknown, at: number) =>
        fetch(`${String(node.address['url'])}/qindex/records`, {
          method: 'POST',
          headers: {
            authorization,
            'content-type': 'application/json',
            'idempotency-key': `a-note-of-${other}-${at}`,
          },
          body: JSON.stringify({ type: 'note', key: `${other}/${at}`, cid, tags: [] }),
        });
      const answers = await Promise.all(Array.from({ length: 45 }, put));
      expect(answers.map(({ status }) => status)).toEqual(Array(45).fill(200));
    }
    const later = await run('activity', '--agent', 'buyer');
    expect(later.stdout).toContain(cid);

    const stopped = await run('stop', 'buyer');
    expect(stopped.stdout).toContain('buyer is stopped');
    expect(stopped.stdout).toContain('1 token');
    expect(stopped.stdout).toContain('qmarket.purchase');
    expect(read((await call('qmarket.search', {})).stdout)).toMatchObject({ status: 'error' });
    expect((await run('start', 'buyer')).stdout).toContain('buyer may act again');
    expect(read((await call('qmarket.search', {})).stdout)).toMatchObject({
      code: 'GRANT_REVOKED',
    });
    const again = (await run('agent', 'token', 'buyer')).stdout.trim();
    const result = await run('call', 'qmarket.search', '{}', '--token', again, '--json');
    expect(read(result.stdout)).toMatchObject({ status: 'ok' });
  }, 240_000);

  it('that nobody knows is told as such', async () => {
    const unknown = await run('stop', 'nobody');
    expect([unknown.code, unknown.stderr.includes('QINDEX_NOT_FOUND')]).toEqual([1, true]);
  });
});

describe('processes and approvals of a node at rest', () => {
  it('are told to be none, in words and as JSON', async () => {
    expect((await run('processes')).stdout).toBe('No process is open.\n');
    expect((await run('approvals')).stdout).toBe('Nothing waits for your approval.\n');
    const asJson = (await run('processes', 'list', '--json')).stdout;
    expect(read(asJson)).toEqual({ processes: [], more: false });
    expect((await run('processes', 'show', 'proc_none')).stderr).toContain('QINDEX_NOT_FOUND');
  });
});
