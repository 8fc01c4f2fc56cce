import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { q, up, type UpNode } from './qCommand.ts';

let folder: string;
let where: string[];
let node: UpNode;
let token: string;
const run = (...args: string[]) => q(...args, ...where.slice(0, 2));
const read = <T>(text: string): T => JSON.parse(text) as T;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'q-ask-'));
  where = ['--data', join(folder, 'data'), '--keys', join(folder, 'keys')];
  node = await up(...where);
  const limits = ['--budget', '4rUv', '--per-call', '4rUv', '--until', '2h'];
  await run('agent', 'add', 'buyer', ...limits, '--allow', 'qmarket.purchase,qmarket.search');
  token = (await run('agent', 'token', 'buyer')).stdout.trim();
}, 120_000);
afterAll(async () => {
  await node.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Ask {
  readonly operation: string;
  readonly input: Record<string, unknown>;
}
interface Answer {
  readonly code: string;
  readonly data: Record<string, unknown> & { readonly requestId: string };
  readonly details: { readonly ask: Ask };
}
const call = async (op: string, input: object): Promise<Answer> =>
  read((await run('call', op, JSON.stringify(input), '--token', token, '--json')).stdout);

/** What a stock MCP client does, with a URL and the token. */
async function callTool(name: string, args: Record<string, unknown>): Promise<Answer> {
  const client = new Client({ name: 'stock', version: '1.0.0' }, {});
  const transport = new StreamableHTTPClientTransport(new URL(`${node.address['url']}/mcp`), {
    requestInit: { headers: { authorization: `Bearer ${token}` } },
  });
  await client.connect(transport);
  const { structuredContent } = await client.callTool({ name, arguments: args });
  await client.close();
  const told: unknown = structuredContent;
  return told as Answer;
}

describe('an agent that may not do enough', () => {
  it('asks over HTTP as the refusal says, and may once ./q approvals approve says yes', async () => {
    const { data } = await call('qmarket.search', { query: 'zones' });
    const [listing] = data['items'] as { listingId: string }[];
    const order = { listingId: listing?.listingId, maxPrice: '5', unit: 'rUv' };
    const refused = await call('qmarket.purchase', order);
    expect(refused.code).toBe('BUDGET_EXCEEDED');
    const { operation, input } = refused.details.ask;
    const until = '2099-01-01T00:00:00Z';
    const budget = { unit: 'rUv', total: '5', perCall: '5', perDay: '5', until };
    const calls = { perHour: 3 };
    const asked = await call(operation, { ...input, budget, calls, reason: 'The zones cost 5.' });

    const shown = (await run('approvals')).stdout;
    expect(shown).toContain('The zones cost 5.');
    expect(shown).toContain('5 rUv in all, 5 rUv a call, 5 rUv a day, until 2099-01-01T00:00:00');
    expect(shown).toContain('3 calls an hour');
    const { requestId } = asked.data;
    const yes = await run('approvals', 'approve', requestId, '--note', 'once', '--json');
    const { grant } = read<{ grant: string }>(yes.stdout);
    const { items } = (await call('qonsent.myRequests', {})).data;
    expect(items).toMatchObject([{ requestId, state: 'APPROVED', grant, note: 'once' }]);
    token = (await run('agent', 'token', 'buyer')).stdout.trim();
    expect(await call('qmarket.purchase', order)).toMatchObject({ code: 'SUCCESS' });
  }, 240_000);

  it('asks over MCP, and is told there why not', async () => {
    const refused = await callTool('qindex_search', { query: 'zones' });
    const { input } = refused.details.ask;
    const asked = await callTool('consent_request', { ...input, reason: 'To look around.' });
    const { requestId } = asked.data;
    const no = await run('approvals', 'refuse', requestId, '--note', 'look elsewhere');
    expect(no.stdout).toContain('refused');
    const { data } = await callTool('consent_myRequests', {});
    expect(data['items']).toMatchObject([
      { requestId, state: 'REFUSED', note: 'look elsewhere' },
      { state: 'APPROVED' },
    ]);
    expect((await run('approvals')).stdout).toBe('Nothing waits for your approval.\n');
  }, 240_000);
});
