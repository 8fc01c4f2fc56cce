import { randomUUID } from 'node:crypto';
import type { Failure, Result } from '@anarq/common-schemas';
import { qmarket } from '@anarq/qmarket/contract';
import { qonsent } from '@anarq/qonsent/contract';
import { qwallet } from '@anarq/qwallet/contract';
import { squid } from '@anarq/squid/contract';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as EarlierClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as EarlierTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agentOf, offer, onlyOperations, PRICE, type Agent } from './delegates.ts';
import {
  bringIn,
  clientOf,
  CONTENT,
  fund,
  startServedNode,
  UNIT,
  type Party,
  type ServedNode,
} from './servedNode.ts';

/** Official clients of both eras of the protocol, each with a URL and the token of an agent. */
interface ToolAnswer {
  readonly isError?: boolean | undefined;
  readonly structuredContent?: unknown;
  readonly content?: unknown;
}
interface McpClient {
  readonly revision: string | undefined;
  listTools(): Promise<{ readonly tools: readonly { readonly name: string }[] }>;
  callTool(params: { name: string; arguments: Record<string, unknown> }): Promise<ToolAnswer>;
  close(): Promise<void>;
}

const ME = { name: 'stock-client', version: '1.0.0' };
const withToken = (token: string) => ({
  requestInit: { headers: { authorization: `Bearer ${token}` } },
});

async function today(mode: 'auto' | 'legacy', url: URL, token: string): Promise<McpClient> {
  const client = new Client(ME, mode === 'auto' ? { versionNegotiation: { mode } } : {});
  await client.connect(new StreamableHTTPClientTransport(url, withToken(token)));
  return {
    revision: client.getNegotiatedProtocolVersion(),
    listTools: () => client.listTools(),
    callTool: (params) => client.callTool(params),
    close: () => client.close(),
  };
}

async function earlier(url: URL, token: string): Promise<McpClient> {
  const client = new EarlierClient(ME);
  const transport = new EarlierTransport(url, withToken(token));
  // The package declares its optional members without undefined.
  await client.connect(transport as Parameters<typeof client.connect>[0]);
  return {
    revision: transport.protocolVersion,
    listTools: () => client.listTools(),
    callTool: (params) => client.callTool(params) as Promise<ToolAnswer>,
    close: () => client.close(),
  };
}

const eras = [
  [
    'the client of today, newest revision',
    '2026-07-28',
    (url: URL, token: string) => today('auto', url, token),
  ],
  [
    'the client of today, as it comes',
    '2025-11-25',
    (url: URL, token: string) => today('legacy', url, token),
  ],
  ['the client of the years before', '2025-11-25', earlier],
] as const;

const TEN_MINUTES_MS = 600_000;

let served: ServedNode;
let seller: Party;
beforeAll(async () => {
  served = await startServedNode();
  seller = await bringIn(served, 'Seller');
});
afterAll(() => served.close());

const mcpUrl = (tail = '') => new URL(`${served.url}/mcp${tail}`);
/** The envelope that a tool answered with. */
const envelope = ({ structuredContent }: ToolAnswer) => structuredContent as Result<never>;

describe.each(eras)('%s', (name, revision, connect) => {
  let buyer: Party;
  let agent: Agent;
  let listingId: string;
  let fileId: string;
  let client: McpClient;
  const title = `harvest of ${name.replaceAll(/\W/g, ' ')}`;

  beforeAll(async () => {
    ({ listingId, fileId } = await offer(served, seller, title));
    buyer = await bringIn(served, `Buyer with ${name}`);
    await fund(served, buyer, '20');
    agent = await agentOf(served, buyer, `shopper with ${name}`, {
      command: '/',
      policy: [onlyOperations('qmarket.search', 'qmarket.purchase', 'qdrive.get', 'qwallet.pay')],
      budget: { unit: UNIT, total: '12', perCall: '5' },
    });
    client = await connect(mcpUrl(), agent.token);
  });
  afterAll(() => client.close());

  const use = async (tool: string, args: Record<string, unknown>) => {
    const answer = await client.callTool({ name: tool, arguments: args });
    expect(answer.isError ?? false).toBe(envelope(answer).status === 'error');
    return envelope(answer);
  };
  const available = async (): Promise<string | undefined> => {
    const { items } = await clientOf(served, buyer).call(qwallet.accounts, {});
    return items.find(({ unit }) => unit === UNIT)?.available;
  };
  const order = () => ({ listingId, maxPrice: PRICE, unit: UNIT });

  it('agrees on its revision, and lists a tool for every operation that is one', async () => {
    expect(client.revision).toBe(revision);
    const { tools } = await client.listTools();
    const expected = served.node.kernel.contracts.flatMap(({ operations }) =>
      Object.values(operations).flatMap(({ mcp }) => (mcp === false ? [] : [mcp.tool])),
    );
    expect(tools.map((tool) => tool.name).toSorted()).toEqual(expected.toSorted());
  });

  it('finds and buys, and has the same answer under the same idempotency key', async () => {
    const found = await use('qmarket.search', { query: title });
    expect(found).toMatchObject({ status: 'ok', data: { items: [{ listingId, price: PRICE }] } });
    const idempotencyKey = randomUUID();
    const bought = await use('qmarket.purchase', { ...order(), idempotencyKey });
    expect(bought).toMatchObject({ status: 'ok', data: { price: PRICE, fileId } });
    const replayed = await use('qmarket.purchase', { ...order(), idempotencyKey });
    expect(replayed).toMatchObject({ status: 'ok', replayed: true, cid: bought.cid });
    const another = await use('qmarket.purchase', { ...order(), maxPrice: '4', idempotencyKey });
    expect(another).toMatchObject({ code: 'VERSION_CONFLICT' });
    expect(await available()).toBe('17');
    const { items } = await clientOf(served, buyer).call(qmarket.licenses, {});
    expect(items.length).toBe(1);
  });

  it('fetches what it bought, by the ticket that the tool gives', async () => {
    const answer = await client.callTool({ name: 'qdrive.get', arguments: { fileId } });
    const { data } = answer.structuredContent as { data: { url: string } };
    const content = await fetch(new URL(data.url, served.url));
    expect(new Uint8Array(await content.arrayBuffer())).toEqual(CONTENT);
  });

  const payment = () => ({
    amount: '1',
    unit: UNIT,
    recipients: [{ identity: seller.did, amount: '1' }],
  });

  it('without a key acts once in ten minutes, and again where it says so', async () => {
    const before = Number(await available());
    const first = await use('wallet.pay', payment());
    expect(first).toMatchObject({ status: 'ok' });
    expect(first.replayed).toBeUndefined();
    const second = await use('wallet.pay', payment());
    expect(second).toMatchObject({ status: 'ok', replayed: true, cid: first.cid });
    expect(before - Number(await available())).toBe(1);
    const again = await use('wallet.pay', { ...payment(), again: true });
    expect(again).toMatchObject({ status: 'ok' });
    expect([again.replayed, again.cid === first.cid]).toEqual([undefined, false]);
    expect(before - Number(await available())).toBe(2);
    served.clock.offset_ms += TEN_MINUTES_MS;
    const later = await use('wallet.pay', payment());
    expect([later.code, later.replayed]).toEqual(['SUCCESS', undefined]);
    expect(before - Number(await available())).toBe(3);
  });

  it('without a key acts once even when it asks five times at once', async () => {
    const before = Number(await available());
    const twice = { ...payment(), purpose: 'at once' };
    const codes = await Promise.all(
      Array.from({ length: 5 }, async () => (await use('wallet.pay', twice)).code),
    );
    expect(codes).toContain('SUCCESS');
    expect(codes.filter((code) => code !== 'SUCCESS' && code !== 'CALL_IN_PROGRESS')).toEqual([]);
    expect(before - Number(await available())).toBe(1);
  });

  it('is refused with why, in structured content and in words', async () => {
    const answer = await client.callTool({
      name: 'qmarket.purchase',
      arguments: { ...order(), maxPrice: '6' },
    });
    expect(answer.isError).toBe(true);
    const failure = answer.structuredContent as Failure;
    expect(failure).toMatchObject({
      status: 'error',
      code: 'BUDGET_EXCEEDED',
      retryable: false,
      suggestedActions: [expect.any(String)],
      details: {
        why: {
          grant: agent.grant,
          rule: `one call may spend 5 ${UNIT}`,
          limit: { perCall: '5', asked: '6' },
          changeableBy: buyer.did,
        },
      },
    });
    expect(JSON.stringify(answer.content)).toContain('BUDGET_EXCEEDED: ');
    expect(await use('qindex.search', { query: 'x' })).toMatchObject({
      code: 'QONSENT_DENIED',
      details: { why: { grant: agent.grant } },
    });
    expect(await use('qmarket.search', { colour: 'red' })).toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('finds tools without dots in their names where it asks for them', async () => {
    const plain = await connect(mcpUrl('?names=underscore'), agent.token);
    const { tools } = await plain.listTools();
    expect(tools.filter((tool) => !/^[a-zA-Z0-9_-]{1,64}$/.test(tool.name))).toEqual([]);
    const answer = await plain.callTool({ name: 'qmarket_search', arguments: { query: title } });
    expect(envelope(answer)).toMatchObject({ status: 'ok', data: { items: [{ listingId }] } });
    await plain.close();
  });

  it('is refused once its token is revoked; another token of the grant goes on', async () => {
    const owner = clientOf(served, buyer);
    const { did, grant } = agent;
    const { token, tokenId } = await owner.call(squid.issueToken, { agent: did, grant });
    const second = await connect(mcpUrl(), token);
    const search = { name: 'qmarket.search', arguments: { query: title } };
    expect(envelope(await second.callTool(search))).toMatchObject({ status: 'ok' });
    await owner.call(squid.revokeToken, { agent: did, tokenId });
    expect(envelope(await second.callTool(search))).toMatchObject({ code: 'GRANT_REVOKED' });
    expect(envelope(await client.callTool(search))).toMatchObject({ status: 'ok' });
    await second.close();
  });

  it('is refused from the next call on once its grant is revoked', async () => {
    expect(await use('qmarket.search', { query: title })).toMatchObject({ status: 'ok' });
    await clientOf(served, buyer).call(qonsent.revoke, { grant: agent.grant });
    expect(await use('qmarket.search', { query: title })).toMatchObject({
      code: 'GRANT_REVOKED',
      details: { why: { grant: agent.grant } },
    });
    // Nor does it learn what it was once answered.
    expect(await use('wallet.pay', payment())).toMatchObject({ code: 'GRANT_REVOKED' });
  });
});

describe('a client with a token of nonsense', () => {
  it.each(eras)('%s: sees the tools and may use none', async (_name, _revision, connect) => {
    const client = await connect(mcpUrl(), 'nonsense');
    expect((await client.listTools()).tools.length).toBeGreaterThan(20);
    const answer = await client.callTool({ name: 'qmarket.search', arguments: {} });
    expect(envelope(answer)).toMatchObject({ status: 'error', code: 'QLOCK_AUTH_FAIL' });
    await client.close();
  });
});
