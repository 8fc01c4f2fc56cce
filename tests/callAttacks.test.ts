import { setTimeout } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { HEADERS } from '@anarq/common-schemas';
import { qdrive } from '@anarq/qdrive/contract';
import { qindex } from '@anarq/qindex/contract';
import { qwallet } from '@anarq/qwallet/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changesBetween, stateOf } from './nodeState.ts';
import { exchange, failureIn, signedRequest, withHeaders, type RawRequest } from './rawRequest.ts';
import {
  bornAtHome,
  bringIn,
  clientOf,
  fund,
  startServedNode,
  UNIT,
  upload,
  type Party,
  type ServedNode,
} from './servedNode.ts';
import { startWatchedNode } from './watchedNode.ts';

/**
 * Calls as somebody would send them who listens on the line, guesses keys, or floods the node: what
 * was captured is good for nothing but its own answer, and a guess says nothing.
 */
const NOTE = { name: 'note.txt', bytes: 5, mediaType: 'text/plain' };

let here: ServedNode;
let there: ServedNode;
let alice: Party;
let bob: Party;
let stranger: Party;
let cid: string;

beforeAll(async () => {
  here = await startServedNode();
  there = await startServedNode();
  const born = bornAtHome(here.now_ms());
  alice = await bringIn(here, 'Alice', born);
  await bringIn(there, 'Alice', born);
  bob = await bringIn(here, 'Bob');
  stranger = await bringIn(here, 'Stranger', undefined, 'elsewhere');
  for (const who of [alice, bob]) await fund(here, who, '10');
  ({ cid } = await upload(here, alice));
});
afterAll(async () => {
  await here.close();
  await there.close();
});

/** Sends a request to a node; what it answered, and what it changed there. */
async function send(served: ServedNode, request: RawRequest, key?: string) {
  const before = await stateOf(served.node);
  const answer = await exchange(served.port, request);
  const changes = changesBetween(before, await stateOf(served.node), key);
  return { status: answer.status, body: answer.body, changes };
}

/** The proof of a captured request on another message. */
const asGraphql = (captured: RawRequest, query: string, variables: unknown): RawRequest => ({
  method: 'POST',
  path: '/graphql',
  headers: captured.headers,
  body: JSON.stringify({ query, variables }),
});

function asTool(captured: RawRequest, name: string, args: object): RawRequest {
  const key = captured.headers[HEADERS.idempotencyKey];
  return {
    method: 'POST',
    path: '/mcp',
    headers: { ...captured.headers, accept: 'application/json, text/event-stream' },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name, arguments: { ...args, idempotencyKey: key } },
    }),
  };
}

const POINT = `mutation ($input: QindexSetPointerInput!) {
  qindexSetPointer(input: $input) { data { recordId metadata { key value } } replayed }
}`;

describe('a signed call that somebody captured', () => {
  /** Moves a pointer of Alice, as she sent it to a node; and the same call on other surfaces. */
  function capture(node = here) {
    const input = { key: randomUUID(), cid, expectVersion: 0 };
    const captured = signedRequest(node, { op: qindex.setPointer, input, who: alice });
    return [
      captured,
      asGraphql(captured, POINT, { input }),
      asTool(captured, 'qindex.setPointer', input),
    ] as const;
  }

  it('is answered from its record where it is sent again, on every surface, and acts once', async () => {
    const captured = capture();
    const first = await send(here, captured[0]);
    expect(first.status).toBe(200);
    expect(first.changes).not.toEqual([]);
    const { recordId } = (JSON.parse(first.body) as { data: { recordId: string } }).data;
    for (const request of captured) {
      const again = await send(here, request);
      expect(again).toMatchObject({ status: 200, changes: [] });
      expect(again.body).toContain(recordId);
    }
  });

  it('acts on no other node that knows the same person, on no surface', async () => {
    for (const request of capture(there)) {
      const seen = await send(here, request);
      expect(seen.changes).toEqual([]);
      expect(seen.body).toContain('SIGNATURE_INVALID');
    }
  });

  it('acts as no other operation with the same input, on no surface', async () => {
    const { uploadId } = await clientOf(here, alice).call(qdrive.begin, NOTE);
    const input = { uploadId };
    const path = `/qdrive/uploads/${uploadId}`;
    const read = signedRequest(here, { op: qdrive.upload, input, who: alice, path });
    expect((await send(here, read)).status).toBe(200);
    const asAbort = `mutation ($input: QdriveAbortInput!) { qdriveAbort(input: $input) { message } }`;
    for (const request of [
      { ...read, method: 'POST', path: `${path}/abort`, body: '{}' },
      asGraphql(read, asAbort, { input }),
      asTool(read, 'qdrive.abort', input),
    ]) {
      const seen = await send(here, request);
      expect(seen.changes).toEqual([]);
      expect(seen.body).toContain('SIGNATURE_INVALID');
    }
  });

  it('acts for nobody else, of its tenant or another', async () => {
    for (const other of [bob, stranger])
      for (const header of [HEADERS.identity, HEADERS.subject]) {
        const seen = await send(here, withHeaders(capture()[0], { [header]: other.did }));
        expect(seen).toMatchObject({ status: 401, changes: [] });
        expect(seen.body).toContain('SIGNATURE_INVALID');
      }
  });
});

describe('an idempotency key of somebody else', () => {
  const pay = (who: Party, signer: Party, idempotencyKey: string, amount: string) => {
    const input = { amount, unit: UNIT, recipients: [{ identity: bob.did, amount }] };
    return signedRequest(here, { op: qwallet.pay, input, who, signer, idempotencyKey });
  };
  /** What an answer says, without what differs from call to call. */
  const plain = ({ status, body }: { status: number; body: string }) => {
    const { code, message, replayed, details } = JSON.parse(body) as Record<string, unknown>;
    const told = JSON.stringify({ code, message, replayed, details });
    return { status, told: told.replaceAll(/[a-z]+_[\w-]{10,}/g, 'ID') };
  };

  it.each(['1', '2'])('says nothing to who guesses it, with the amount %s', async (amount) => {
    const taken = randomUUID();
    expect((await exchange(here.port, pay(alice, alice, taken, '1'))).status).toBe(200);
    for (const [who, signer] of [
      [stranger, stranger],
      [alice, bob],
      [alice, stranger],
    ] as const) {
      const guessed = await exchange(here.port, pay(who, signer, taken, amount));
      const fresh = await exchange(here.port, pay(who, signer, randomUUID(), amount));
      expect(plain(guessed)).toEqual(plain(fresh));
      expect(guessed.status).toBeGreaterThanOrEqual(400);
    }
  });

  it('is free to whoever has not used it, and stays what it was to its owner', async () => {
    const begun = (who: Party) =>
      exchange(
        here.port,
        signedRequest(here, { op: qdrive.begin, input: NOTE, who, idempotencyKey: 'shared' }),
      );
    const ids = [];
    for (const who of [alice, bob, stranger, alice]) {
      const answer = JSON.parse((await begun(who)).body) as { data: { uploadId: string } };
      ids.push(answer.data.uploadId);
    }
    expect(new Set(ids).size).toBe(3);
    expect(ids[3]).toBe(ids[0]);
  });
});

describe('a name of the prototype', () => {
  const NAMES = ['constructor', 'prototype', 'toString', 'hasOwnProperty'];
  const point = (name: string, key = randomUUID()) => {
    const metadata = JSON.parse(`{${JSON.stringify(name)}:"x"}`) as Record<string, string>;
    return { key, cid, expectVersion: 0, metadata };
  };
  const signed = (input: Readonly<Record<string, unknown>>) =>
    signedRequest(here, { op: qindex.setPointer, input, who: alice });
  const entries = (input: ReturnType<typeof point>) => ({
    ...input,
    metadata: Object.entries(input.metadata).map(([key, value]) => ({ key, value })),
  });

  it.each(NAMES)('%s is a key of a map like any other, on every surface', async (name) => {
    const before = Object.getOwnPropertyNames(Object.prototype);
    const inputs = [point(name), point(name), point(name)] as const;
    const http = await exchange(here.port, signed(inputs[0]));
    expect(JSON.parse(http.body)).toMatchObject({ data: { metadata: { [name]: 'x' } } });
    const graphql = await exchange(
      here.port,
      asGraphql(signed(inputs[1]), POINT, { input: entries(inputs[1]) }),
    );
    expect(graphql.body).toContain(`[{"key":"${name}","value":"x"}]`);
    const mcp = await exchange(
      here.port,
      asTool(signed(inputs[2]), 'qindex.setPointer', inputs[2]),
    );
    expect(mcp.body).toMatch(new RegExp(String.raw`\\?"${name}\\?":\\?"x`));
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
    expect(await clientOf(here, alice).call(qindex.pointer, { key: inputs[0].key })).toMatchObject({
      metadata: { [name]: 'x' },
    });
  });

  it.each(NAMES)('%s is no member of an input', async (name) => {
    const input = { ...NOTE, [name]: { admin: true } };
    const seen = await send(here, signedRequest(here, { op: qdrive.begin, input, who: alice }));
    expect(seen).toMatchObject({ status: 422, changes: [] });
    expect(seen.body).toContain('INPUT_INVALID');
    const read = signedRequest(here, { op: qindex.pointer, input: { key: 'k' }, who: alice });
    const asked = await send(here, { ...read, path: `/qindex/pointers?key=k&${name}=1` });
    expect(asked).toMatchObject({ status: 422, changes: [] });
    expect(asked.body).toContain('INPUT_INVALID');
  });

  it('__proto__ is refused wherever it stands', async () => {
    const input = point('__proto__');
    const proof = signed({ ...input, metadata: {} });
    const read = signedRequest(here, { op: qindex.pointer, input: { key: 'k' }, who: alice });
    for (const request of [
      { ...proof, body: JSON.stringify(input) },
      asGraphql(proof, POINT, { input: entries(input) }),
      asGraphql(proof, POINT, JSON.parse('{"input":{"__proto__":{"admin":true}}}')),
      asTool(proof, 'qindex.setPointer', input),
      { ...read, path: '/qindex/pointers?key=k&__proto__=1' },
    ]) {
      const seen = await send(here, request);
      expect(seen.changes).toEqual([]);
      expect(seen.body).toMatch(/__proto__|INPUT_/);
    }
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });
});

describe('a flood of denials', () => {
  const FLOOD = 150;

  it('leaves few records, not one for each, and others are heard meanwhile', async () => {
    const { uploadId } = await clientOf(here, alice).call(qdrive.begin, NOTE);
    const path = `/qdrive/uploads/${uploadId}/abort`;
    const size = async () => {
      const [row] = await here.node.store.read('SELECT count(*) AS n FROM log_record');
      return Number(row?.['n']);
    };
    const before = await size();
    const refusals = await Promise.all(
      Array.from({ length: FLOOD }, async () => {
        const call = signedRequest(here, { op: qdrive.abort, input: { uploadId }, who: bob, path });
        return failureIn(await exchange(here.port, call)).code;
      }),
    );
    expect(new Set(refusals)).toEqual(new Set(['QONSENT_DENIED']));
    const read = await clientOf(here, alice).result(qdrive.upload, { uploadId });
    expect(read).toMatchObject({ code: 'SUCCESS', data: { state: 'OPEN' } });
    // What waits to be recorded is recorded when a node stops.
    await here.node.restart();
    const records = (await size()) - before;
    expect(records).toBeGreaterThan(0);
    expect(records).toBeLessThan(FLOOD / 3);
  });
});

/** Asks until the limit on requests of one address lets it through. */
async function insisting(port: number, request: RawRequest): ReturnType<typeof exchange> {
  for (;;) {
    const answer = await exchange(port, request);
    if (answer.status !== 429) return answer;
    await setTimeout(Number(answer.headers['retry-after'] ?? 1) * 1_000);
  }
}

describe('a page or a name from elsewhere', () => {
  it('is refused on every route of the node, before anything is read', async () => {
    const watched = await startWatchedNode();
    const { contracts } = watched.node.kernel;
    const port = Number(new URL(watched.node.url).port);
    const routes: (readonly [string, string])[] = [
      ['POST', '/graphql'],
      ['POST', '/mcp'],
      ['GET', '/mcp'],
      ['DELETE', '/mcp'],
      ['POST', '/tools/negotiate'],
      ['GET', '/transfer/v1.a.b'],
      ['PUT', '/transfer/v1.a.b/0'],
      ['POST', '/internal/greet'],
      ['POST', '/internal/ask'],
    ];
    const health = ['/health', '/health/live', '/health/ready', '/metrics'];
    const documents = ['/tools', '/tools/qdrive', '/.well-known/q-node', '/openapi.json'];
    for (const path of [...health, ...documents, '/schema.graphql', '/events', '/nowhere'])
      routes.push(['GET', path]);
    for (const contract of contracts)
      for (const { http, module } of Object.values(contract.operations))
        routes.push([http.method, `/${module}${http.path.replaceAll(/\{\w+\}/g, 'x')}`]);
    for (const [method, path] of routes)
      for (const headers of [
        { origin: 'http://evil.example' },
        { origin: 'null' },
        { host: 'evil.example' },
        { host: `localhost.evil.example:${port}` },
      ]) {
        const answer = await insisting(port, { method, path, headers });
        const seen = [method, path, headers, answer.status, failureIn(answer).code];
        expect(seen).toEqual([method, path, headers, 403, 'HOST_REFUSED']);
        expect(answer.headers['access-control-allow-origin']).toBeUndefined();
      }
    await watched.remove();
  });
});
