import { createClient, http, keys } from '@anarq/common-clients';
import { command, contract, query, t, type AnyOperation } from '@anarq/common-schemas';
import { defineModule } from '@anarq/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWatchedNode, type WatchedNode } from './watchedNode.ts';

/**
 * Every operation of a node is called with a canary in place of what only its caller should know,
 * over each surface, also where it is refused or fails with a defect. Then everything that the node
 * says of itself is searched for the canary.
 */
const CANARY = 'Canary0f7c1e5b';

const leaky = contract({
  name: 'leaky',
  version: '1.0.0',
  title: 'Leaky',
  purpose: 'Fails with errors that say what the caller sent.',
  operations: {
    ask: query({
      summary: 'Fail, and quote.',
      http: 'GET /ask/{secret}',
      access: 'public',
      scope: 'leaky/ask',
      input: t.object({ secret: t.string({ maxLength: 200 }) }),
      output: t.object({}),
      examples: [{ summary: 'Ask', input: { secret: 'x' } }],
    }),
    tell: command({
      summary: 'Fail as a class of its own.',
      access: 'public',
      scope: 'leaky/tell',
      input: t.object({ secret: t.string({ maxLength: 200 }) }),
      output: t.object({}),
      examples: [{ summary: 'Tell', input: { secret: 'x' } }],
    }),
  },
});

const leakyModule = defineModule(leaky, {
  handlers: {
    ask: ({ secret }) => {
      throw new TypeError(`cannot use ${secret}\n    at ${secret} (file:///x.ts:1:2)`);
    },
    tell: ({ secret }) => {
      const error = new Error(secret);
      error.name = secret;
      throw Object.assign(error, { code: secret, cause: new Error(secret) });
    },
  },
});

let watched: WatchedNode;
let metrics: string;

beforeAll(async () => {
  watched = await startWatchedNode([leakyModule]);
  const { node } = watched;
  const operator = createClient({
    contracts: node.kernel.contracts,
    transport: http({
      url: node.url,
      credentials: keys({
        did: node.address.operator,
        seed: node.operatorSeed,
        nodeDid: node.address.node,
      }),
    }),
  });
  const operations = node.kernel.contracts.flatMap(({ operations: all }) => Object.values(all));
  for (const op of operations)
    for (const { input } of op.examples)
      for (const marked of [markedTexts(input), markedAll(input)]) {
        await overHttp(node.url, op, marked);
        await overMcp(node.url, op, marked);
        await overGraphql(node.url, marked);
        await inProcess(op, marked);
        // What the operator may do succeeds, or fails late.
        await operator.result(op, marked as Record<string, unknown>, { retry: false });
      }
  for (const path of [`/${CANARY}`, `/transfer/${CANARY}`, `/qindex/records?${CANARY}=1`])
    await fetch(`${node.url}${path}`, { headers: { [CANARY]: CANARY, cookie: CANARY } });
  metrics = await node.kernel.telemetry.text();
  await watched.stop();
}, 240_000);
afterAll(() => watched.remove());

/** Free texts marked, so that the call gets as far as it may. */
function markedTexts(value: unknown): unknown {
  if (typeof value === 'string')
    return /^[A-Z]?[a-z ]+$/.test(value) ? `${value} ${CANARY}` : value;
  return mapped(value, markedTexts);
}

function markedAll(value: unknown): unknown {
  return typeof value === 'string' ? CANARY : mapped(value, markedAll);
}

function mapped(value: unknown, each: (member: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(each);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, each(member)]));
}

const bearer = { authorization: `Bearer ${CANARY}` };

async function overHttp(url: string, op: AnyOperation, input: unknown): Promise<void> {
  const members = input as Readonly<Record<string, unknown>>;
  const path = op.http.path.replaceAll(/\{([^}]+)\}/g, (_all, name: string) =>
    encodeURIComponent(String(members[name] ?? CANARY)),
  );
  for (const credential of [{}, bearer])
    await fetch(`${url}/${op.module}${path}`, {
      method: op.http.method,
      headers: {
        ...credential,
        'content-type': 'application/json',
        'idempotency-key': `${CANARY}-${op.id}`,
      },
      ...(op.http.method === 'GET' ? {} : { body: JSON.stringify(input) }),
    }).then((answer) => answer.text());
}

async function overMcp(url: string, op: AnyOperation, input: unknown): Promise<void> {
  if (op.mcp === false) return;
  await fetch(`${url}/mcp`, {
    method: 'POST',
    headers: {
      ...bearer,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2025-11-25',
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: CANARY,
      method: 'tools/call',
      params: { name: op.mcp.tool, arguments: input, _meta: { 'q/idempotencyKey': CANARY } },
    }),
  }).then((answer) => answer.text());
}

async function overGraphql(url: string, input: unknown): Promise<void> {
  await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { ...bearer, 'content-type': 'application/json' },
    body: JSON.stringify({ query: `{ ${CANARY} }`, variables: { input } }),
  }).then((answer) => answer.text());
}

/** As far as the handler, and with every proof wrong. */
async function inProcess(op: AnyOperation, input: unknown): Promise<void> {
  const { kernel } = watched.node;
  for (const credential of [
    { kind: 'anonymous' as const },
    { kind: 'bearer' as const, token: CANARY },
    {
      kind: 'signature' as const,
      identity: watched.node.address.operator,
      ts: new Date().toISOString(),
      signature: `v1.${CANARY}`,
    },
  ])
    await kernel.invoke({
      operation: op.id,
      input,
      surface: 'http',
      credential,
      idempotencyKey: `${CANARY}-${op.id}`,
      grant: CANARY,
      traceparent: CANARY,
    });
}

describe('what a caller sent', () => {
  it('is in no line of the log, whatever became of the call', async () => {
    const lines = await watched.lines();
    expect(lines.filter(({ msg }) => msg === 'call').length).toBeGreaterThan(500);
    expect(lines.filter(({ outcome }) => outcome === 'ok').length).toBeGreaterThan(50);
    expect(lines.filter(({ msg }) => msg === 'error').length).toBeGreaterThan(3);
    expect(lines.filter(({ msg }) => msg === 'request').length).toBeGreaterThan(300);
    expect((await watched.logText()).toLowerCase()).not.toContain(CANARY.toLowerCase());
  });

  it('is in no metric', () => {
    expect(metrics).toContain('q_calls_total{module="leaky",operation="ask",outcome="failed"}');
    expect(metrics.toLowerCase()).not.toContain(CANARY.toLowerCase());
  });

  it('is in no span', () => {
    expect(watched.receiver.spans.length).toBeGreaterThan(500);
    expect(watched.receiver.text().toLowerCase()).not.toContain(CANARY.toLowerCase());
  });
});

describe('a defect', () => {
  it('is told to the operator by its class and place, with the ids of its call', async () => {
    const line = (await watched.lines()).find(
      (each) => each['msg'] === 'error' && each['where'] === 'leaky.ask',
    );
    expect(line).toMatchObject({
      level: 'error',
      error: 'TypeError',
      requestId: expect.any(String),
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    expect(line?.['frames']).toEqual(
      expect.arrayContaining([expect.stringContaining('noSecrets.test.ts')]),
    );
  });
});
