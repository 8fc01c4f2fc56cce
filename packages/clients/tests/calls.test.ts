import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { contract, failure, query, t, type Result } from '@anarq/common-schemas';
import { afterEach, describe, expect, it } from 'vitest';
import {
  bearer,
  CallError,
  createClient,
  http,
  inProcess,
  type InProcessCall,
} from '../src/index.ts';
import { waitAfter } from '../src/retry.ts';
import { everything, everyWord } from '../../schemas/tests/everyWord.ts';

const done = (data: unknown): Result<unknown> => ({
  status: 'ok',
  code: 'SUCCESS',
  message: 'Done.',
  data,
});
const refused = (code: Parameters<typeof failure>[0], details?: Record<string, unknown>) =>
  failure(code, { requestId: 'req_1', now_ms: 0 }, undefined, details);

/** A client in process whose node answers with these results in turn. */
function scripted(...results: readonly Result<unknown>[]) {
  const calls: InProcessCall[] = [];
  const target = {
    invoke: async (call: InProcessCall) => {
      calls.push(call);
      return results[Math.min(calls.length, results.length) - 1]!;
    },
  };
  return { calls, client: createClient({ contracts: [everyWord], transport: inProcess(target) }) };
}

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

/** A client over HTTP whose server does with each request what the test says. */
async function served(
  handle: (request: IncomingMessage, response: ServerResponse, body: string) => void,
) {
  const server = createServer((request, response) => {
    void text(request).then((body) => handle(request, response, body));
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const transport = http({ url: `http://127.0.0.1:${port}/`, credentials: bearer('qat_test') });
  return createClient({ contracts: [everyWord, places], transport });
}

const places = contract({
  name: 'places',
  version: '1.0.0',
  title: 'Places',
  purpose: 'Shows where members travel.',
  operations: {
    find: query({
      summary: 'Finds.',
      http: 'GET /of/{owner}/{index}',
      scope: 'places/find',
      input: t.object({
        owner: t.string(),
        index: t.integer(),
        words: t.optional(t.array(t.string())),
        near: t.optional(t.object({ x: t.number() })),
        flag: t.optional(t.boolean()),
      }),
      output: t.json(),
    }),
  },
});

describe('a typed call', () => {
  it('gives the output, and sends the input as JSON carries it', async () => {
    const { client, calls } = scripted(done(everything));
    const output = await client.call(
      everyWord.echo,
      { ...everything, maybe: undefined } as typeof everything,
      {
        subject: 'did:squid:s',
        grant: 'bafkgrant',
        idempotencyKey: 'k',
      },
    );
    expect(output).toEqual(everything);
    expect(calls).toEqual([
      {
        operation: 'everyword.echo',
        input: everything,
        surface: 'process',
        credential: { kind: 'anonymous' },
        subject: 'did:squid:s',
        grant: 'bafkgrant',
        idempotencyKey: 'k',
      },
    ]);
    expect(Object.keys(calls[0]!.input as object)).not.toContain('maybe');
  });

  it('throws what the node refused, with code, details and request id', async () => {
    const { client } = scripted(refused('QONSENT_DENIED', { why: { rule: 'no grant' } }));
    const error = await client.call(everyWord.list, {}).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(CallError);
    expect(error).toMatchObject({
      name: 'QError',
      code: 'QONSENT_DENIED',
      details: { why: { rule: 'no grant' } },
      requestId: 'req_1',
      retryable: false,
    });
  });

  it('refuses an input that is no JSON without asking the node', async () => {
    const { client, calls } = scripted(done({}));
    const input = { limit: 1n } as never;
    expect(await client.result(everyWord.list, input)).toMatchObject({ code: 'INPUT_INVALID' });
    expect(calls).toEqual([]);
  });

  it('gives each write its own idempotency key, and reads none', async () => {
    const { client, calls } = scripted(done({ items: [] }));
    await client.call(everyWord.echo, everything);
    await client.call(everyWord.echo, everything);
    await client.call(everyWord.list, {});
    const [first, second, third] = calls.map((call) => call.idempotencyKey);
    expect(first).toMatch(/^[0-9a-f-]{36}$/);
    expect(second).not.toBe(first);
    expect(third).toBeUndefined();
  });
});

describe('trying again', () => {
  it('helps against failures that the table calls retryable, under the same key', async () => {
    const { client, calls } = scripted(
      refused('CALL_IN_PROGRESS', { retryAfter_ms: 1 }),
      refused('SERVICE_UNAVAILABLE'),
      done(everything),
    );
    expect(await client.call(everyWord.echo, everything)).toEqual(everything);
    expect(new Set(calls.map((call) => call.idempotencyKey)).size).toBe(1);
    expect(calls.length).toBe(3);
  });

  it('ends after three attempts, at once where it cannot help, and where it is not wanted', async () => {
    const always = scripted(refused('INTERNAL'));
    expect(await always.client.result(everyWord.list, {})).toMatchObject({ code: 'INTERNAL' });
    expect(always.calls.length).toBe(3);
    const never = scripted(refused('INPUT_INVALID'));
    await never.client.result(everyWord.list, {});
    expect(never.calls.length).toBe(1);
    const unwanted = scripted(refused('INTERNAL'));
    await unwanted.client.result(everyWord.list, {}, { retry: false });
    expect(unwanted.calls.length).toBe(1);
    const later = scripted(refused('RATE_LIMIT_EXCEEDED', { retryAfter_ms: 3_600_000 }));
    await later.client.result(everyWord.list, {});
    expect(later.calls.length).toBe(1);
  });

  it('waits a little longer each time, and at least as long as the node asks', () => {
    const lost = { kind: 'lost', reason: 'gone' } as const;
    for (const [made, from, to] of [
      [1, 50, 100],
      [2, 100, 200],
      [9, 1_000, 2_000],
    ] as const) {
      expect(waitAfter(lost, made)).toBeGreaterThanOrEqual(from);
      expect(waitAfter(lost, made)).toBeLessThanOrEqual(to);
    }
    const asked = (retryAfter_ms: number) =>
      waitAfter({ kind: 'answered', result: refused('RATE_LIMIT_EXCEEDED', { retryAfter_ms }) }, 1);
    expect(asked(5_000)).toBe(5_000);
    expect(asked(1)).toBeGreaterThanOrEqual(50);
    expect(asked(31_000)).toBeUndefined();
    expect(waitAfter({ kind: 'answered', result: done({}) }, 1)).toBeUndefined();
  });

  it('stops when the caller gives up', async () => {
    const { client } = scripted(refused('INTERNAL'));
    const stop = new AbortController();
    const pending = client.result(everyWord.list, {}, { signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(pending).rejects.toThrow();
  });

  it('asks again with the same key when the reply is lost, so that nothing acts twice', async () => {
    const recorded = new Map<string, number>();
    let requests = 0;
    const client = await served((request, response, body) => {
      requests += 1;
      const key = String(request.headers['idempotency-key']);
      recorded.set(key, (recorded.get(key) ?? 0) + 1);
      if (requests === 1) response.socket?.destroy();
      else if (requests === 2) response.writeHead(502).end('<html>a proxy</html>');
      else response.end(JSON.stringify(done({ ...JSON.parse(body), id: 'a1' })));
    });
    expect(await client.call(everyWord.echo, everything)).toEqual(everything);
    expect([...recorded.values()]).toEqual([3]);
  });

  it('says that the outcome is not known when no reply ever comes', async () => {
    const client = await served((_request, response) => response.socket?.destroy());
    expect(await client.result(everyWord.echo, everything)).toMatchObject({
      status: 'error',
      code: 'SERVICE_UNAVAILABLE',
      details: { attempts: 3 },
      message: expect.stringContaining('not known'),
    });
  });

  it('does not wait longer for an attempt than it may take', async () => {
    let requests = 0;
    const client = await served((_request, response) => {
      requests += 1;
      if (requests === 2) response.end(JSON.stringify(done({ items: [] })));
    });
    expect(await client.call(everyWord.list, {}, { timeout_ms: 150 })).toEqual({ items: [] });
    expect(requests).toBe(2);
  });

  it('follows no redirect, so that no token goes astray', async () => {
    let requests = 0;
    const client = await served((_request, response) => {
      requests += 1;
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    expect(await client.result(everyWord.list, {}, { retry: false })).toMatchObject({
      status: 'error',
    });
    expect(requests).toBe(1);
  });
});

describe('a request', () => {
  it('puts members where the contract says', async () => {
    const seen: (string | undefined)[] = [];
    const client = await served((request, response, body) => {
      seen.push(request.method, request.url, body, request.headers.authorization);
      response.end(JSON.stringify(done({})));
    });
    await client.call(places.find, {
      owner: 'did:squid:a/b c',
      index: 7,
      words: ['a', 'b&c'],
      near: { x: 1.5 },
      flag: false,
    });
    expect(seen).toEqual([
      'GET',
      '/places/of/did%3Asquid%3Aa%2Fb%20c/7?words=a&words=b%26c&near=%7B%22x%22%3A1.5%7D&flag=false',
      '',
      'Bearer qat_test',
    ]);
    const { id, ...rest } = everything;
    await client.call(everyWord.echo, everything);
    expect(seen.slice(4, 7)).toEqual(['POST', `/everyword/echo/${id}`, JSON.stringify(rest)]);
  });

  it.each([
    [{ owner: '', index: 1 }],
    [{ owner: '..', index: 1 }],
    [{ owner: '\ud800', index: 1 }],
    [{ owner: 'a', index: 1, words: [] }],
  ])('that HTTP cannot carry is refused here: %j', async (input) => {
    const client = await served((_request, response) => response.end(JSON.stringify(done({}))));
    expect(await client.result(places.find, input)).toMatchObject({ code: 'INPUT_INVALID' });
  });
});
