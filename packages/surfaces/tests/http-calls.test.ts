import { command, contract, query, t } from '@anarq/common-schemas';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startHttpSurface, type HttpSurface } from '../src/index.ts';
import { everything, everyWord } from '../../schemas/tests/everyWord.ts';
import { fakeNode, ok, type FakeNode } from './fakeNode.ts';

const shop = contract({
  name: 'shop',
  version: '1.0.0',
  title: 'Shop',
  purpose: 'Shows how members travel.',
  operations: {
    find: query({
      summary: 'Finds.',
      http: 'GET /finds/{whole}',
      scope: 'shop/find',
      access: 'public',
      input: t.object({
        whole: t.integer(),
        measure: t.optional(t.number()),
        flag: t.optional(t.boolean()),
        words: t.optional(t.array(t.string())),
        numbers: t.optional(t.array(t.integer())),
        text: t.optional(t.string()),
        nested: t.optional(t.object({ deep: t.integer() })),
      }),
      output: t.json(),
    }),
    remove: command({
      summary: 'Removes.',
      http: 'DELETE /finds/{id}',
      scope: 'shop/remove',
      input: t.object({ id: t.string() }),
      output: t.json(),
      sunset: '2030-01-01T00:00:00Z',
    }),
    small: command({
      summary: 'Takes little.',
      http: 'POST /small',
      scope: 'shop/small',
      limits: { bodyBytes: 100 },
      input: t.object({ text: t.optional(t.json()) }),
      output: t.json(),
    }),
  },
});

const BEARER = { authorization: 'Bearer qat_test' };
const JSON_TYPE = { 'content-type': 'application/json' };
let node: FakeNode;
let surface: HttpSurface;

beforeAll(async () => {
  node = fakeNode([everyWord, shop]);
  surface = await startHttpSurface(node, { port: 0 });
});
afterAll(() => surface.close());
beforeEach(() => {
  node.calls.length = 0;
});

const send = (path: string, init: RequestInit = {}) => fetch(`${surface.url}${path}`, init);
const post = (
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
) => send(path, { method: 'POST', body, headers: { ...BEARER, ...JSON_TYPE, ...headers } });
const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;

describe('a call over HTTP', () => {
  it('carries every word of the dialect there and back', async () => {
    const { id: _, ...body } = everything;
    const response = await post('/everyword/echo/a1', JSON.stringify(body));
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      status: 'ok',
      code: 'SUCCESS',
      message: 'Done.',
      data: everything,
    });
    expect(response.headers.get('x-api-version')).toBe('v1');
    expect(response.headers.get('x-request-id')).toBe(node.calls[0]?.requestId);
  });

  it('becomes one call with every field of the headers', async () => {
    await post('/everyword/run', JSON.stringify(everything), {
      'Idempotency-Key': 'k1',
      'x-subject': 'did:squid:subject',
      'x-qonsent': 'bafkgrant',
      'x-api-version': 'v1',
    });
    expect(node.calls).toEqual([
      {
        operation: 'everyword.run',
        input: everything,
        surface: 'http',
        requestId: expect.stringMatching(/^req_[0-9a-f-]{36}$/),
        peer: '127.0.0.1',
        credential: { kind: 'bearer', token: 'qat_test' },
        idempotencyKey: 'k1',
        subject: 'did:squid:subject',
        grant: 'bafkgrant',
        apiVersion: 'v1',
      },
    ]);
  });

  it('hands a signature over as it came', async () => {
    await send('/shop/finds/1', {
      headers: {
        'x-squid-id': 'did:squid:a',
        'x-subid': 'did:squid:b',
        'x-ts': 't',
        'x-sig': 'v1.x',
      },
    });
    expect(node.calls[0]?.credential).toEqual({
      kind: 'signature',
      identity: 'did:squid:a',
      subId: 'did:squid:b',
      ts: 't',
      signature: 'v1.x',
    });
  });

  it('reads members of path and query as the schema says', async () => {
    await send(
      '/shop/finds/-7?measure=1.5e3&flag=true&words=a&words=b%20c&numbers=4&text=007&nested=%7B%22deep%22:1%7D',
    );
    expect(node.calls[0]?.input).toEqual({
      whole: -7,
      measure: 1500,
      flag: true,
      words: ['a', 'b c'],
      numbers: [4],
      text: '007',
      nested: { deep: 1 },
    });
  });

  it.each([
    ['whole', '/shop/finds/1.5'],
    ['whole', '/shop/finds/0x10'],
    ['whole', '/shop/finds/12345678901234567890'],
    ['flag', '/shop/finds/1?flag=1'],
    ['flag', '/shop/finds/1?flag=TRUE'],
    ['measure', '/shop/finds/1?measure=Infinity'],
    ['measure', '/shop/finds/1?measure='],
    ['text', '/shop/finds/1?text=a&text=b'],
    ['unknown', '/shop/finds/1?unknown=1'],
    ['whole', '/shop/finds/1?whole=2'],
  ])('guesses at nothing: %s in %s is INPUT_INVALID', async (_member, path) => {
    const response = await send(path);
    expect([response.status, await codeOf(response)]).toEqual([422, 'INPUT_INVALID']);
  });

  it('takes a member in path and body only where both say the same', async () => {
    expect((await post('/everyword/echo/a1', JSON.stringify(everything))).status).toBe(200);
    const other = await post('/everyword/echo/a2', JSON.stringify(everything));
    expect([other.status, await codeOf(other)]).toEqual([422, 'INPUT_INVALID']);
  });

  it('says that an answer was recorded before, when to come back, and until when it is there', async () => {
    node.answers.set('shop.remove', () => ok({}, { replayed: true }));
    const removed = await send('/shop/finds/x', { method: 'DELETE', headers: BEARER });
    expect(removed.headers.get('idempotent-replayed')).toBe('true');
    expect(removed.headers.get('sunset')).toBe('Tue, 01 Jan 2030 00:00:00 GMT');
    node.answers.set('shop.remove', (call) => ({
      status: 'error',
      code: 'RATE_LIMIT_EXCEEDED',
      message: 'Too many calls.',
      details: { retryAfter_ms: 1_200 },
      timestamp: '2026-01-01T00:00:00.000Z',
      requestId: call.requestId!,
      retryable: true,
      suggestedActions: [],
    }));
    const limited = await send('/shop/finds/x', { method: 'DELETE', headers: BEARER });
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '2']);
  });

  it('asks for a proof where none came', async () => {
    const response = await send('/everyword/list');
    expect([response.status, await codeOf(response)]).toEqual([401, 'QLOCK_AUTH_FAIL']);
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
  });
});

describe('what is refused before it is a call', () => {
  const bad: [string, string, number, string | Uint8Array<ArrayBuffer>][] = [
    ['bytes that are no JSON', 'INPUT_MALFORMED', 400, '{"text":'],
    ['a list', 'INPUT_MALFORMED', 400, '[]'],
    ['null', 'INPUT_MALFORMED', 400, 'null'],
    ['a number alone', 'INPUT_MALFORMED', 400, '1'],
    ['a member given twice', 'INPUT_MALFORMED', 400, '{"text":1,"text":2}'],
    ['a member given twice in two spellings', 'INPUT_MALFORMED', 400, '{"text":1,"\\u0074ext":2}'],
    ['a member given twice further down', 'INPUT_MALFORMED', 400, '{"text":[{"a":{},"a":1}]}'],
    ['a member named __proto__', 'INPUT_MALFORMED', 400, '{"text":{"__proto__":{"x":1}}}'],
    ['__proto__ with an escape', 'INPUT_MALFORMED', 400, '{"\\u005f_proto__":{"x":1}}'],
    ['a number beyond a double', 'INPUT_MALFORMED', 400, '{"text":1e999}'],
    [
      'a hundred levels and more',
      'INPUT_MALFORMED',
      400,
      `{"text":${'['.repeat(101)}${']'.repeat(101)}}`,
    ],
    ['invalid UTF-8', 'INPUT_MALFORMED', 400, new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d])],
    ['a byte order mark', 'INPUT_MALFORMED', 400, '\ufeff{}'],
  ];
  it.each(bad)('%s is %s', async (name, code, status, body) => {
    const path = name.startsWith('a hundred') ? '/everyword/run' : '/shop/small';
    const response = await post(path, body);
    const answer = (await response.json()) as Record<string, unknown>;
    expect(response.status).toBe(status);
    expect(answer).toMatchObject({ status: 'error', code, requestId: expect.any(String) });
    expect(node.calls).toEqual([]);
  });

  it('an empty body has no members', async () => {
    expect((await post('/shop/small', '')).status).toBe(200);
    expect(node.calls[0]?.input).toEqual({});
  });

  it('does not mistake equal names in different objects for one member', async () => {
    const text = '{"text":[{"a":"{\\"a\\":\\\\"},{"a":"}"}]}';
    expect((await post('/shop/small', text)).status).toBe(200);
    expect(node.calls[0]?.input).toEqual(JSON.parse(text));
  });

  it.each([
    ['text/plain', 'INPUT_MALFORMED'],
    ['application/x-www-form-urlencoded', 'INPUT_MALFORMED'],
    ['application/json; charset=latin1', 'INPUT_MALFORMED'],
    ['nonsense', 'INPUT_MALFORMED'],
    [';;', 'INPUT_MALFORMED'],
  ])('a body of the type %s is %s', async (type, code) => {
    const response = await post('/shop/small', '{}', { 'content-type': type });
    expect([response.status, await codeOf(response)]).toEqual([400, code]);
  });

  it('a body behind Content-Encoding is INPUT_MALFORMED', async () => {
    const response = await post('/shop/small', '{}', { 'content-encoding': 'gzip' });
    expect(await codeOf(response)).toBe('INPUT_MALFORMED');
  });

  it('a body or a query string on the wrong method is INPUT_INVALID', async () => {
    const body = await send('/shop/finds/x', {
      method: 'DELETE',
      body: '{}',
      headers: { ...BEARER, ...JSON_TYPE },
    });
    expect(await codeOf(body)).toBe('INPUT_INVALID');
    expect(await codeOf(await post('/shop/small?text=1', '{}'))).toBe('INPUT_INVALID');
  });

  it.each([
    ['x-sig alone', { 'x-sig': 'v1.x' }],
    ['x-sig without x-ts', { 'x-squid-id': 'did:squid:a', 'x-sig': 'v1.x' }],
    ['x-ts without x-sig', { 'x-squid-id': 'did:squid:a', 'x-ts': 't' }],
    ['x-squid-id alone', { 'x-squid-id': 'did:squid:a' }],
    ['x-subid alone', { 'x-subid': 'did:squid:a' }],
    ['an empty x-sig', { 'x-squid-id': 'did:squid:a', 'x-ts': 't', 'x-sig': '' }],
    ['an Authorization that is no Bearer', { authorization: 'Basic YTpi' }],
    ['a Bearer without a token', { authorization: 'Bearer ' }],
  ])('%s is never taken for an anonymous call', async (_name, headers) => {
    const response = await send('/shop/finds/1', { headers });
    expect([response.status, await codeOf(response)]).toEqual([401, 'QLOCK_AUTH_FAIL']);
    expect(node.calls).toEqual([]);
  });

  it('two proofs are INPUT_INVALID', async () => {
    const headers = { ...BEARER, 'x-squid-id': 'did:squid:a', 'x-ts': 't', 'x-sig': 'v1.x' };
    expect(await codeOf(await send('/shop/finds/1', { headers }))).toBe('INPUT_INVALID');
  });

  it('unknown paths and wrong methods are named as such', async () => {
    const unknown = await post('/nowhere', '{"never":');
    expect([unknown.status, await codeOf(unknown)]).toEqual([404, 'OPERATION_UNKNOWN']);
    const wrong = await send('/everyword/echo/a1');
    expect([wrong.status, await codeOf(wrong)]).toEqual([405, 'METHOD_NOT_ALLOWED']);
    expect(wrong.headers.get('allow')).toBe('POST');
    const both = await post('/shop/finds/1', '{}');
    expect(both.headers.get('allow')).toBe('DELETE, GET');
    const options = await send('/everyword/echo/a1', { method: 'OPTIONS' });
    expect([options.status, options.headers.get('access-control-allow-origin')]).toEqual([
      405,
      null,
    ]);
    expect((await send('/shop/finds/1', { method: 'HEAD' })).status).toBe(405);
  });

  it('a path that is not percent-encoded UTF-8 is INPUT_MALFORMED', async () => {
    const response = await send('/shop/finds/%ff');
    expect([response.status, await codeOf(response)]).toEqual([400, 'INPUT_MALFORMED']);
    expect(await codeOf(await send('/shop/finds/1?text=%ff'))).toBe('INPUT_MALFORMED');
    expect(await codeOf(await send('/shop/finds/1?__proto__=1'))).toBe('INPUT_MALFORMED');
  });

  it('takes DIDs and other long members in a path', async () => {
    const did = `did:squid:${'a'.repeat(300)}/b`;
    const response = await send(`/shop/finds/${encodeURIComponent(did)}`, {
      method: 'DELETE',
      headers: BEARER,
    });
    expect(response.status).toBe(429);
    expect(node.calls[0]?.input).toEqual({ id: did });
  });

  it('a page of another origin gets nothing', async () => {
    const response = await send('/shop/finds/1', { headers: { origin: 'http://evil.example' } });
    expect([response.status, await codeOf(response)]).toEqual([403, 'HOST_REFUSED']);
    expect((await send('/shop/finds/1', { headers: { origin: 'null' } })).status).toBe(403);
    const own = await send('/shop/finds/1', { headers: { origin: 'http://localhost:5173' } });
    expect(own.status).toBe(200);
  });

  it('a defect behind the surface is INTERNAL, and its message stays inside', async () => {
    node.answers.set('shop.find', () => {
      throw new Error('secret detail');
    });
    const response = await send('/shop/finds/1');
    const text = await response.text();
    node.answers.delete('shop.find');
    expect(response.status).toBe(500);
    expect(JSON.parse(text)).toMatchObject({ status: 'error', code: 'INTERNAL' });
    expect(text).not.toContain('secret');
  });
});
