import { createClient, http, keys } from '@anarq/common-clients';
import { qindex } from '@anarq/qindex/contract';
import { qmarket } from '@anarq/qmarket/contract';
import { squid } from '@anarq/squid/contract';
import { afterAll, beforeAll, expect, it, describe } from 'vitest';
import { startWatchedNode, type WatchedNode } from './watchedNode.ts';

/** A call is one span at a real OTLP receiver, one line in the log, and one record: found by the same ids. */
const PARENT = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const traceparent = `00-${PARENT.traceId}-${PARENT.spanId}-01`;

let watched: WatchedNode;
let organisation: string;
let agent: string;
let record: string;
let mcpAnswer: number;
let eventTraceparent: string | undefined;

beforeAll(async () => {
  watched = await startWatchedNode();
  const { node } = watched;
  const operator = createClient({
    contracts: [squid, qindex, qmarket],
    transport: http({
      url: node.url,
      credentials: keys({
        did: node.address.operator,
        seed: node.operatorSeed,
        nodeDid: node.address.node,
      }),
    }),
  });
  const put = await operator.result(qindex.put, {
    type: 'note',
    key: 'hello',
    cid: 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy',
    tags: [],
  });
  if (put.status !== 'ok' || put.cid === undefined) throw new Error(JSON.stringify(put));
  record = put.cid;
  ({ did: organisation } = await operator.call(squid.createOrganisation, { name: 'harvest' }));
  const subject = { subject: organisation };
  ({ did: agent } = await operator.call(squid.createAgent, { name: 'reaper' }, subject));
  await fetch(`${node.url}/qindex/records/rec_1`, { headers: { traceparent } });
  const mcp = await fetch(`${node.url}/mcp`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2025-11-25',
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'qmarket.listings', arguments: {}, _meta: { traceparent } },
    }),
  });
  mcpAnswer = mcp.status;
  await mcp.text();
  // A signed call of its own, within the same trace.
  await node.kernel.invoke({
    operation: 'qindex.get',
    input: { recordId: 'rec_1' },
    surface: 'http',
    credential: { kind: 'anonymous' },
    traceparent,
  });
  const page = await node.kernel.events.read({
    tenant: node.kernel.node.tenant,
    topics: ['q.qindex.record.created.v1'],
  });
  eventTraceparent = page.events[0]?.traceparent;
  await watched.stop();
});
afterAll(() => watched.remove());

describe('a call', () => {
  it('is a span with module, operation, identity, outcome and record', () => {
    const span = watched.receiver.spans.find(({ name }) => name === 'qindex.put');
    expect(span?.attributes).toMatchObject({
      'q.module': 'qindex',
      'q.operation': 'put',
      'q.surface': 'http',
      'q.identity': watched.node.address.operator,
      'q.identity_kind': 'person',
      'q.outcome': 'ok',
      'q.code': 'SUCCESS',
      'q.record': record,
    });
  });

  it('for an organisation says for which', () => {
    const span = watched.receiver.spans.find(({ name }) => name === 'squid.createAgent');
    expect(agent).toMatch(/^did:/);
    expect(span?.attributes).toMatchObject({
      'q.identity': watched.node.address.operator,
      'q.organisation': organisation,
    });
    const own = watched.receiver.spans.find(({ name }) => name === 'qindex.put');
    expect(own?.attributes).not.toHaveProperty('q.organisation');
  });

  it('is a line of the log with the same ids', async () => {
    const span = watched.receiver.spans.find(({ name }) => name === 'qindex.put');
    const line = (await watched.lines()).find((each) => each['record'] === record);
    expect(line).toMatchObject({
      level: 'info',
      msg: 'call',
      module: 'qindex',
      operation: 'put',
      outcome: 'ok',
      identity: watched.node.address.operator,
      requestId: span?.attributes['q.request_id'],
      traceId: span?.traceId,
      spanId: span?.spanId,
    });
  });

  it('goes on with the trace of its caller, over HTTP and MCP', () => {
    expect(mcpAnswer).toBe(200);
    const within = watched.receiver.spans.filter(({ traceId }) => traceId === PARENT.traceId);
    expect(within.map(({ name, attributes }) => [name, attributes['q.surface']])).toEqual(
      expect.arrayContaining([
        ['qindex.get', 'http'],
        ['qmarket.listings', 'mcp'],
      ]),
    );
    for (const span of within) expect(span.parentSpanId).toBe(PARENT.spanId);
  });

  it('that was refused is no error of the node', () => {
    const span = watched.receiver.spans.find(
      ({ name, traceId }) => name === 'qindex.get' && traceId === PARENT.traceId,
    );
    expect([span?.attributes['q.outcome'], span?.isError]).toEqual(['refused', false]);
  });

  it('hands its trace to the events it emits', () => {
    const span = watched.receiver.spans.find(({ name }) => name === 'qindex.put');
    expect(eventTraceparent).toBe(`00-${span?.traceId}-${span?.spanId}-01`);
  });
});
