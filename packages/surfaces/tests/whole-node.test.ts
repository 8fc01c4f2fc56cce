import {
  createClient,
  delegate,
  http,
  inProcess,
  keys,
  mcp,
  uploadFile,
} from '@anarq/common-clients';
import { deriveKeys, toBase64url } from '@anarq/crypto';
import { qdrive } from '@anarq/qdrive/contract';
import { qonsent } from '@anarq/qonsent/contract';
import { squid } from '@anarq/squid/contract';
import { startTestNode, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHttpSurface, type HttpSurface } from '../src/index.ts';

const contracts = [squid, qonsent, qdrive];
let node: TestNode;
let surface: HttpSurface;

beforeAll(async () => {
  node = await startTestNode({ modules: ['squid', 'qonsent', 'qdrive'] });
  surface = await startHttpSurface(node.kernel, { port: 0 });
});
afterAll(async () => {
  await surface.close();
  await node.close();
});

describe('a whole node behind its surfaces', () => {
  it('lets an agent do over MCP what a person granted over HTTP, until it is revoked', async () => {
    const person = await node.person('Ada');
    const signing = keys({ did: person.did, seed: person.seed, nodeDid: node.kernel.node.did });
    const client = createClient({
      contracts,
      transport: http({ url: surface.url, credentials: signing }),
    });
    async function* content() {
      yield new TextEncoder().encode('hello');
    }
    const file = await uploadFile(client, content(), { name: 'hello.txt', bytes: 5 });

    const { did: agent } = await client.call(squid.createAgent, { name: 'reader' });
    const token = delegate({
      keys: deriveKeys(person.seed),
      issuer: person.did,
      audience: agent,
      subject: person.did,
      command: '/qdrive/get',
      exp_s: Math.floor(Date.now() / 1000) + 3_600,
    });
    const { grant } = await client.call(qonsent.grant, {
      audience: agent,
      command: '/qdrive/get',
      token: toBase64url(token),
    });
    const issued = await client.call(squid.issueToken, { agent, grant });

    const reader = createClient({
      contracts,
      transport: mcp({ url: `${surface.url}/mcp`, token: issued.token }),
    });
    const { ticket, sha256Hex } = await reader.call(qdrive.get, { fileId: file.fileId });
    expect(sha256Hex).toBe(file.sha256Hex);
    const bytes = await fetch(`${surface.url}/transfer/${ticket}`);
    expect([await bytes.text(), bytes.headers.get('content-security-policy')]).toEqual([
      'hello',
      "default-src 'none'; sandbox",
    ]);
    expect(
      await reader.result(qdrive.setMetadata, { fileId: file.fileId, name: 'x' }),
    ).toMatchObject({ status: 'error', code: 'QONSENT_DENIED' });

    await client.call(qonsent.revoke, { grant });
    expect(await reader.result(qdrive.get, { fileId: file.fileId })).toMatchObject({
      status: 'error',
      code: 'GRANT_REVOKED',
    });
    expect((await fetch(`${surface.url}/transfer/${ticket}`)).status).toBe(403);
    await reader.close();
  });

  it('answers a repeated write from its record, on whichever surface it is repeated', async () => {
    const person = await node.person('Grace');
    const credentials = keys({ did: person.did, seed: person.seed, nodeDid: node.kernel.node.did });
    const client = createClient({ contracts, transport: http({ url: surface.url, credentials }) });
    const input = { name: 'a.txt', bytes: 1, mediaType: 'text/plain' };
    const first = await client.result(qdrive.begin, input, { idempotencyKey: 'once' });
    const beside = createClient({ contracts, transport: inProcess(node.kernel, { credentials }) });
    const again = await beside.result(qdrive.begin, input, { idempotencyKey: 'once' });
    expect(first).toMatchObject({ status: 'ok' });
    expect(again).toMatchObject({ status: 'ok', replayed: true });
    const other = { ...input, bytes: 2 };
    expect(await client.result(qdrive.begin, other, { idempotencyKey: 'once' })).toMatchObject({
      code: 'VERSION_CONFLICT',
    });
  });
});
