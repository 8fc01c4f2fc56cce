import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request as sendPlain } from 'node:http';
import { request as sendSecure } from 'node:https';
import { connect as connectTls } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { shop } from '../../derive/tests/shop.ts';
import { everyWord } from '../../schemas/tests/everyWord.ts';
import { startHttpSurface, type HttpSurface } from '../src/index.ts';
import { fakeNode, type FakeNode } from './fakeNode.ts';

const APP = 'https://app.example';
let node: FakeNode;
let surface: HttpSurface;

beforeAll(async () => {
  node = fakeNode([everyWord, shop]);
  surface = await startHttpSurface(node, { port: 0, origins: [APP] });
});
afterAll(() => surface.close());
beforeEach(() => {
  node.calls.length = 0;
});

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(`${surface.url}${path}`, { headers, method });
const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${surface.url}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  });
/** What came, for the assertions of a test to look into. */
interface Body {
  readonly [member: string]: Body & string & readonly (Body & { readonly module: string })[];
}
const bodyOf = async (response: Promise<Response>): Promise<Body> =>
  (await (await response).json()) as Body;
const read = (path: string): Promise<Body> => bodyOf(get(path));

describe('the discovery documents', () => {
  it('say who the node is, how it is spoken to, and what runs on it', async () => {
    expect(await read('/.well-known/q-infinity.json')).toMatchObject({
      node: 'did:squid:node',
      apiVersions: ['v1'],
      surfaces: {
        http: { url: surface.url },
        mcp: { url: `${surface.url}/mcp` },
        graphql: { url: `${surface.url}/graphql` },
      },
      modules: [
        { name: 'everyword', version: '1.2.3', did: 'did:squid:module' },
        { name: 'shop', version: '2.1.0', tools: `${surface.url}/tools/shop` },
      ],
      log: { trust: 'log+trust' },
    });
  });

  it('describe the MCP server as registries want it', async () => {
    const server = await read('/.well-known/mcp.json');
    expect(server).toMatchObject({
      name: 'localhost/q-infinity',
      version: '1.0.0',
      remotes: [{ type: 'streamable-http', url: `${surface.url}/mcp` }],
    });
    expect(String(server['description']).length).toBeLessThanOrEqual(100);
    expect(String(server['name'])).toMatch(/^[a-zA-Z0-9.-]+\/[a-zA-Z0-9._-]+$/);
  });

  it('claim no authorisation server, since there is none', async () => {
    expect((await get('/.well-known/oauth-protected-resource')).status).toBe(404);
  });
});

describe('the registry of tools', () => {
  it('says of each tool what it does, how often it may be called, what it needs, and when it goes', async () => {
    const registry = await read('/tools/shop');
    expect(registry).toMatchObject({
      module: 'shop',
      version: '2.1.0',
      capabilities: {
        tools: {
          'shop.buyItem': {
            version: '2.1.0',
            capabilities: ['write'],
            rateLimit: { rpm: 60, burst: 10 },
            dependencies: ['everyword.echo'],
            inputSchema: { type: 'object' },
          },
          'shop.find': { capabilities: ['read'], rateLimit: { rpm: 6_000, burst: 600 } },
        },
        events: { 'q.shop.sold.v1': { version: 'v1', frequency: 'LOW', retention: 'P1Y' } },
        compatibility: {
          minVersion: '2.0.0',
          maxVersion: '2.1.0',
          breakingChanges: ['shop.drop goes after 2027-01-01'],
        },
      },
      healthEndpoint: `${surface.url}/health`,
      documentationUrl: `${surface.url}/openapi.json`,
    });
    expect(registry['capabilities']?.['tools']).not.toHaveProperty('shop.drop');
  });

  it('has every module, and knows which it has not', async () => {
    const { modules } = await read('/tools');
    expect(modules?.map(({ module }) => module)).toEqual(['everyword', 'shop']);
    const unknown = await get('/tools/nothing');
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toMatchObject({ code: 'QINDEX_NOT_FOUND' });
  });

  it('agrees on a version, and says what of the demands is not met', async () => {
    const clientRequirements = {
      module: 'shop',
      minVersion: '2.0.0',
      maxVersion: '2.9.0',
      requiredCapabilities: ['shop.find', 'everyword.list'],
    };
    const agreed = await bodyOf(post('/tools/negotiate', { clientRequirements }));
    expect(agreed).toMatchObject({
      status: 'ok',
      data: {
        clientRequirements,
        serverResponse: {
          supportedVersion: '2.1.0',
          limitations: ['shop does not offer everyword.list.', 'shop.drop goes after 2027-01-01.'],
        },
      },
    });
    expect(agreed['data']?.['serverResponse']?.['availableCapabilities']).toContain('shop.buyItem');
    const elsewhere = {
      clientRequirements: { module: 'shop', requiredCapabilities: ['everyword.list'] },
    };
    const other = await bodyOf(post('/tools/negotiate', elsewhere));
    expect(other['data']?.['serverResponse']?.['alternativeModules']).toEqual(['everyword']);
  });

  it('refuses versions that are not spoken, modules that are not there, and what is no demand', async () => {
    const codeOf = async (clientRequirements: unknown) =>
      (await bodyOf(post('/tools/negotiate', { clientRequirements })))['code'];
    expect(await codeOf({ module: 'shop', minVersion: '2.2.0' })).toBe('VERSION_UNSUPPORTED');
    expect(await codeOf({ module: 'shop', maxVersion: '1.9.9' })).toBe('VERSION_UNSUPPORTED');
    expect(await codeOf({ module: 'shop', minVersion: '2.1.0' })).toBe('SUCCESS');
    expect(await codeOf({ module: 'nothing' })).toBe('DEPENDENCY_MISSING');
    expect(await codeOf({ module: 'shop', minVersion: 'latest' })).toBe('INPUT_INVALID');
    expect(await codeOf(undefined)).toBe('INPUT_INVALID');
  });
});

describe('a public document', () => {
  const plain = { 'accept-encoding': 'identity' };

  it('is not sent again to who has it', async () => {
    const first = await get('/tools', plain);
    const etag = first.headers.get('etag') ?? '';
    expect(first.headers.get('cache-control')).toBe('public, no-cache');
    const again = await get('/tools', { ...plain, 'if-none-match': `"other", W/${etag}` });
    expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag]);
    const other = await get('/tools', { ...plain, 'if-none-match': '"other"' });
    expect(other.status).toBe(200);
  });

  it('answers HEAD as GET, without the body', async () => {
    const head = await get('/openapi.json', plain, 'HEAD');
    const whole = await get('/openapi.json', plain);
    const text = await whole.text();
    expect([head.status, await head.text()]).toEqual([200, '']);
    expect(head.headers.get('etag')).toBe(whole.headers.get('etag'));
    expect(head.headers.get('content-length')).toBe(String(Buffer.byteLength(text)));
  });

  it('is compressed as the client takes it, under a tag of its own', async () => {
    const raw = async (accepted: string) => {
      const { hostname, port } = new URL(surface.url);
      return new Promise<{ encoding: string | undefined; tag: string | undefined; body: Buffer }>(
        (resolve) => {
          sendPlain(
            { hostname, port, path: '/openapi.json', headers: { 'accept-encoding': accepted } },
            (answer) => {
              const chunks: Buffer[] = [];
              answer.on('data', (chunk: Buffer) => chunks.push(chunk));
              answer.on('end', () =>
                resolve({
                  encoding: answer.headers['content-encoding'],
                  tag: answer.headers.etag,
                  body: Buffer.concat(chunks),
                }),
              );
            },
          ).end();
        },
      );
    };
    const whole = await raw('');
    const brotli = await raw('gzip, br');
    const gzipped = await raw('br;q=0, gzip');
    expect([whole.encoding, brotli.encoding, gzipped.encoding]).toEqual([undefined, 'br', 'gzip']);
    expect(brotliDecompressSync(brotli.body)).toEqual(whole.body);
    expect(gunzipSync(gzipped.body)).toEqual(whole.body);
    expect(new Set([whole.tag, brotli.tag, gzipped.tag]).size).toBe(3);
  });

  it('is the only thing that is compressed or kept: the answer of a call is neither', async () => {
    const answer = await get('/shop/items', { 'accept-encoding': 'gzip, br' });
    expect(answer.headers.get('content-encoding')).toBeNull();
    expect(answer.headers.get('etag')).toBeNull();
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });
});

describe('pages of other origins', () => {
  const ask = { origin: APP, 'access-control-request-method': 'POST' };

  it('that the operator named may call the node and read its answers', async () => {
    const preflight = await get('/shop/items/i1/buy', ask, 'OPTIONS');
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe(APP);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('idempotency-key');
    expect(preflight.headers.get('access-control-allow-credentials')).toBeNull();
    const answer = await get('/shop/items', { origin: APP });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('access-control-allow-origin')).toBe(APP);
    expect(answer.headers.get('access-control-expose-headers')).toContain('x-request-id');
    expect(answer.headers.get('vary')).toContain('origin');
  });

  it('that nobody named are refused, and told nothing', async () => {
    for (const [path, method] of [
      ['/shop/items/i1/buy', 'OPTIONS'],
      ['/shop/items', 'GET'],
    ] as const) {
      const refused = await get(path, { ...ask, origin: 'https://evil.example' }, method);
      expect(refused.status).toBe(403);
      expect(refused.headers.get('access-control-allow-origin')).toBeNull();
    }
    expect(node.calls).toEqual([]);
  });
});

describe('every answer', () => {
  it('says that it is no page, cannot be framed, and sends no address on', async () => {
    for (const path of ['/health', '/nothing', '/tools', '/shop/items']) {
      const { headers } = await get(path);
      expect(headers.get('content-security-policy'), path).toContain("frame-ancestors 'none'");
      expect(headers.get('x-content-type-options'), path).toBe('nosniff');
      expect(headers.get('referrer-policy'), path).toBe('no-referrer');
      expect(headers.get('strict-transport-security'), path).toBeNull();
    }
  });
});

describe('TLS', () => {
  let folder: string;
  let secure: HttpSurface;
  let cert: Buffer;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'q-tls-'));
    const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    execFileSync(
      'openssl',
      `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout ${keyFile} -out ${certFile}`.split(
        ' ',
      ),
      { stdio: 'ignore' },
    );
    cert = readFileSync(certFile);
    secure = await startHttpSurface(node, {
      port: 0,
      tls: { cert, key: readFileSync(keyFile) },
    });
  });
  afterAll(async () => {
    await secure.close();
    rmSync(folder, { recursive: true });
  });

  it('carries calls, and tells browsers to stay with it', async () => {
    expect(secure.url).toMatch(/^https:/);
    const answer = await new Promise<{ status?: number; headers: NodeJS.Dict<unknown> }>(
      (resolve, reject) => {
        sendSecure(
          { host: 'localhost', port: secure.port, path: '/shop/items', ca: cert },
          (response) => {
            response.resume();
            resolve({
              headers: response.headers,
              ...(response.statusCode === undefined ? {} : { status: response.statusCode }),
            });
          },
        )
          .on('error', reject)
          .end();
      },
    );
    expect(answer.status).toBe(200);
    expect(answer.headers['strict-transport-security']).toContain('max-age=');
  });

  it('speaks version 1.3, and nothing less', async () => {
    const versionOf = (maxVersion: 'TLSv1.2' | 'TLSv1.3') =>
      new Promise<string | null>((resolve) => {
        const socket = connectTls(
          { host: 'localhost', port: secure.port, ca: cert, servername: 'localhost', maxVersion },
          () => {
            resolve(socket.getProtocol());
            socket.destroy();
          },
        );
        socket.on('error', () => resolve(null));
      });
    expect(await versionOf('TLSv1.3')).toBe('TLSv1.3');
    expect(await versionOf('TLSv1.2')).toBeNull();
  });
});

describe('an operation that goes', () => {
  it('says when, on every answer', async () => {
    const answer = await get('/shop/items/i1', { authorization: 'Bearer qat_test' }, 'DELETE');
    expect(answer.headers.get('sunset')).toBe('Fri, 01 Jan 2027 00:00:00 GMT');
    expect(answer.headers.get('deprecation')).toBe('@1767225600');
    expect(answer.headers.get('link')).toBe(
      '</shop/items/{itemId}/touch>; rel="successor-version"',
    );
  });
});
