import {
  bearer,
  CallError,
  createClient,
  http,
  inProcess,
  mcp,
  type Client,
  type Transport,
} from '@anarq/common-clients';
import { failure } from '@anarq/common-schemas';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startHttpSurface, type HttpSurface } from '../src/index.ts';
import { everything, everyWord } from '../../schemas/tests/everyWord.ts';
import { fakeNode, ok, type FakeNode } from './fakeNode.ts';

let node: FakeNode;
let surface: HttpSurface;

beforeAll(async () => {
  node = fakeNode();
  surface = await startHttpSurface(node, { port: 0 });
});
afterAll(() => surface.close());
beforeEach(() => {
  node.calls.length = 0;
});

const token = 'qat_test';
const transports: readonly (readonly [string, () => Transport])[] = [
  ['in process', () => inProcess(node, { credentials: bearer(token) })],
  ['over HTTP', () => http({ url: surface.url, credentials: bearer(token) })],
  ['over MCP 2026-07-28', () => mcp({ url: `${surface.url}/mcp`, token })],
  ['over MCP 2025-11-25', () => mcp({ url: `${surface.url}/mcp`, token, era: '2025-11-25' })],
];

describe.each(transports)('the same client %s', (_name, transport) => {
  let client: Client;
  beforeAll(() => {
    client = createClient({ contracts: [everyWord], transport: transport() });
  });
  afterAll(() => client.close());

  it('gives the same result for every word', async () => {
    for (const op of [everyWord.echo, everyWord.run])
      expect(await client.result(op, everything)).toEqual({
        status: 'ok',
        code: 'SUCCESS',
        message: 'Done.',
        data: everything,
      });
    expect(await client.call(everyWord.list, { limit: 5, flag: true })).toEqual({
      items: [everything],
    });
  });

  it('makes the same call', async () => {
    const options = { idempotencyKey: 'k', subject: 'did:squid:s', grant: 'bafkgrant' };
    await client.call(everyWord.echo, everything, options);
    await client.call(everyWord.list, { limit: 5, flag: false });
    const credential = { kind: 'bearer', token };
    expect(node.calls).toMatchObject([
      { operation: 'everyword.echo', input: everything, credential, ...options },
      { operation: 'everyword.list', input: { limit: 5, flag: false }, credential },
    ]);
  });

  it('gives the same failure, with its request id', async () => {
    const refused = await client.result(everyWord.echo, { ...everything, whole: 6 });
    expect(refused).toMatchObject({
      status: 'error',
      code: 'INPUT_INVALID',
      details: { violations: [{ path: '/whole' }] },
      retryable: false,
    });
    const error = await client
      .call(everyWord.list, { cursor: '!' })
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(CallError);
    expect((error as CallError).requestId).not.toBe('');
  });

  it('tries again what may succeed, under one key', async () => {
    let calls = 0;
    node.answers.set('everyword.run', (call) => {
      calls += 1;
      return calls < 3
        ? failure('CALL_IN_PROGRESS', { requestId: 'r', now_ms: 0 }, undefined, {
            retryAfter_ms: 1,
          })
        : ok(call.input, { replayed: true });
    });
    expect(await client.result(everyWord.run, everything)).toMatchObject({ replayed: true });
    expect(new Set(node.calls.map((call) => call.idempotencyKey)).size).toBe(1);
    expect(node.calls.length).toBe(3);
    node.answers.set('everyword.run', (call) => ok(call.input));
  });
});

describe('a client over MCP', () => {
  it('without a token may do what is public, and nothing else', async () => {
    const client = createClient({
      contracts: [everyWord],
      transport: mcp({ url: `${surface.url}/mcp` }),
    });
    expect(await client.result(everyWord.list, {})).toMatchObject({ code: 'QLOCK_AUTH_FAIL' });
    await client.close();
  });

  it('connects again when the node was away', async () => {
    const away = await startHttpSurface(node, { port: 0 });
    const client = createClient({
      contracts: [everyWord],
      transport: mcp({ url: `${away.url}/mcp`, token }),
    });
    await client.call(everyWord.list, {});
    await away.close();
    const pending = client.call(everyWord.list, {});
    const back = await startHttpSurface(node, { port: away.port });
    expect(await pending).toEqual({ items: [everything] });
    await client.close();
    await back.close();
  });
});
