import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Parser } from '@asyncapi/parser';
import { startNode, type RunningNode } from '@anarq/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** What a whole node says of itself, held against the official tools, and what lies beside its code. */
const ROOT = join(import.meta.dirname, '..');
const VERSION = '1.2.3-documents';

let folder: string;
let node: RunningNode;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'q-documents-'));
  node = await startNode({
    dataFolder: join(folder, 'data'),
    keysFolder: join(folder, 'keys'),
    port: 0,
    version: VERSION,
  });
});
afterAll(async () => {
  await node.close();
  await rm(folder, { recursive: true, force: true });
});

async function get(path: string): Promise<{ status: number; text: string }> {
  // A connection of its own: the linters hold up this process longer than one is kept open.
  const response = await fetch(`${node.url}${path}`, { headers: { connection: 'close' } });
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  return { status: response.status, text: await response.text() };
}

async function read<T>(path: string): Promise<T> {
  const { status, text } = await get(path);
  expect(status).toBe(200);
  return JSON.parse(text) as T;
}

const operationsOf = () =>
  node.kernel.contracts.flatMap(({ operations }) => Object.values(operations));

describe('/openapi.json', () => {
  interface Document {
    readonly openapi: string;
    readonly paths: Readonly<Record<string, Readonly<Record<string, { operationId: string }>>>>;
  }

  /** Runs the official linter with the rules of the project. */
  async function lint(text: string): Promise<{ code: number; said: string }> {
    const file = join(folder, 'openapi.json');
    await writeFile(file, text);
    const manifest = createRequire(import.meta.url).resolve('@redocly/cli/package.json');
    const rules = join(ROOT, 'packages/derive/redocly.yaml');
    try {
      const { stdout, stderr } = await promisify(execFile)(
        process.execPath,
        [join(dirname(manifest), 'bin/cli.js'), 'lint', '--config', rules, file],
        {
          env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
        },
      );
      return { code: 0, said: `${stdout}${stderr}` };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, said: `${stdout}${stderr}` };
    }
  }

  it('passes the linter, and a document with a fault in it does not', async () => {
    const { text } = await get('/openapi.json');
    expect(await lint(text)).toEqual({ code: 0, said: expect.stringMatching(/is valid/) });
    const faulty = text.replace('"operationId":"qmarket.purchase"', '"operationId":7');
    expect(faulty).not.toBe(text);
    expect((await lint(faulty)).code).not.toBe(0);
  });

  it('names every operation of every module, under the path that answers', async () => {
    const { openapi, paths } = await read<Document>('/openapi.json');
    expect(openapi).toMatch(/^3\.1\./);
    const described = Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, { operationId }]) => [operationId, method, path]),
    );
    const expected = operationsOf().map((op) => [
      op.id,
      op.http.method.toLowerCase(),
      `/${op.module}${op.http.path}`,
    ]);
    for (const entry of expected) expect(described).toContainEqual(entry);
    expect(expected.length).toBeGreaterThan(60);
    // Without a proof, an operation that is there says so; one that is not, does not.
    const search = expected.find(([id]) => id === 'qmarket.search')?.[2];
    expect((await fetch(`${node.url}${search}`)).status).toBe(401);
  });
});

describe('/asyncapi.json', () => {
  /** Zero is an error, in the words of the parser. */
  const errorsOf = async (text: string): Promise<string[]> =>
    (await new Parser().parse(text)).diagnostics
      .filter(({ severity }) => severity === 0)
      .map(({ path, message }) => `${path.join('/')}: ${message}`);

  it('is read by the official parser without an error, and one with a fault is not', async () => {
    const { text } = await get('/asyncapi.json');
    expect(await errorsOf(text)).toEqual([]);
    expect(await errorsOf(text.replaceAll('"messages":', '"massages":'))).not.toEqual([]);
  });

  it('names every event of every module', async () => {
    const { document } = await new Parser().parse((await get('/asyncapi.json')).text);
    const channels = document?.channels().all() ?? [];
    const topics = node.kernel.contracts.flatMap(({ events }) => Object.keys(events));
    expect(channels.map((channel) => channel.address()).toSorted()).toEqual(topics.toSorted());
    expect(topics.length).toBeGreaterThan(15);
  });
});

describe('/.well-known/q-node', () => {
  it('says who the node is, what runs on it, and which key its log is signed with', async () => {
    const described = await read<Record<string, unknown>>('/.well-known/q-node');
    const { did, modules } = node.kernel.node;
    expect(described).toMatchObject({
      did,
      apiVersions: ['v1'],
      log: { trust: node.address.logKey },
      mcp: `${node.url}/mcp`,
      openapi: `${node.url}/openapi.json`,
      asyncapi: `${node.url}/asyncapi.json`,
    });
    expect(described['modules']).toEqual(
      node.kernel.contracts.map(({ name, version, title }) => ({
        name,
        version,
        title,
        ...(modules[name] === undefined ? {} : { did: modules[name] }),
      })),
    );
    expect(modules['qmarket']).toMatch(/^did:squid:/);
  });
});

describe('/health', () => {
  interface Health {
    readonly timestamp: string;
    readonly dependencies: Readonly<Record<string, { latency: number; lastCheck: string }>>;
    readonly metrics: { readonly uptime: number; readonly requestCount: number };
  }
  const aNumber = expect.any(Number) as number;

  it('has the members of HealthResponse, and no others', async () => {
    const health = await read<Health>('/health');
    expect(health).toEqual({
      status: 'healthy',
      timestamp: expect.stringMatching(/Z$/),
      version: VERSION,
      dependencies: expect.any(Object),
      metrics: {
        uptime: aNumber,
        requestCount: aNumber,
        errorRate: aNumber,
        avgResponseTime: aNumber,
      },
    });
    expect(Date.parse(health.timestamp)).toBeGreaterThan(0);
    expect(Object.keys(health.dependencies)).not.toEqual([]);
    for (const dependency of Object.values(health.dependencies))
      expect(dependency).toEqual({
        status: 'up',
        latency: aNumber,
        lastCheck: expect.stringMatching(/Z$/),
      });
  });

  it('counts calls', async () => {
    const before = await read<Health>('/health');
    await fetch(`${node.url}/qmarket/search`);
    const after = await read<Health>('/health');
    expect(after.metrics.requestCount - before.metrics.requestCount).toBe(1);
    expect(after.metrics.uptime).toBeGreaterThanOrEqual(before.metrics.uptime);
  });
});

describe('the folder of every module', async () => {
  const modules = await readdir(join(ROOT, 'modules'));
  const FILES = ['README.md', 'openapi.yaml', 'asyncapi.yaml', 'mcp.json', 'docker-compose.yml'];
  const FOLDERS = ['contracts', 'events', 'security', 'storage', 'observability', 'compat'];

  it('is that of a module which runs', () => {
    expect(modules.toSorted()).toEqual(node.kernel.contracts.map(({ name }) => name).toSorted());
  });

  it.each(modules)('modules/%s holds what the layout names, none of it empty', async (module) => {
    const at = (...path: string[]) => join(ROOT, 'modules', module, ...path);
    const missing = [...FILES, ...FOLDERS].filter((name) => !existsSync(at(name)));
    expect(missing).toEqual([]);
    const files = await Promise.all(
      FOLDERS.map(async (name) => (await readdir(at(name))).map((file) => join(name, file))),
    );
    expect(FOLDERS.filter((_, i) => files[i]?.length === 0)).toEqual([]);
    for (const file of [...FILES, ...files.flat()]) {
      const text = await readFile(at(file), 'utf8');
      expect([file, text.trim()]).not.toEqual([file, '']);
      if (file.endsWith('.json')) expect(() => JSON.parse(text) as unknown).not.toThrow();
    }
  });
});
