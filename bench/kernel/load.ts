import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { API_VERSION, HEADERS } from '@anarq/common-schemas';
import {
  canonicalJson,
  deriveKeys,
  fromBase64url,
  macCall,
  sha256Hex,
  signCall,
  utf8,
  type CallFields,
} from '@anarq/crypto';
import { answerOrders } from '../measuring/child.ts';
import { itemIdOf, NOTE, TITLE } from './items.ts';

/** Somebody who calls the node: by a session, or with a full signature. */
export interface Caller {
  readonly node: string;
  readonly did: string;
  readonly owner: string;
  readonly seed: string;
  readonly sessionId: string;
  readonly sessionKey: string;
}

/** What to send: so many calls, over so many connections that each wait for their answer. */
export interface LoadOrder {
  readonly kind: 'load';
  readonly url: string;
  readonly what: 'read' | 'write';
  readonly proof: 'none' | 'session' | 'full';
  readonly callers: readonly Caller[];
  readonly calls: number;
  readonly connections: number;
  readonly rows: number;
}

interface Prepared {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string | undefined;
}

/** Everything is signed before the first call goes out. */
function prepare(order: LoadOrder, n: number): Prepared {
  const isRead = order.what === 'read';
  const itemId = itemIdOf((n * 7919) % order.rows);
  const input = isRead ? { itemId } : { title: TITLE, note: NOTE };
  const body = isRead ? undefined : JSON.stringify(input);
  const caller = order.callers[n % order.callers.length];
  return {
    method: isRead ? 'GET' : 'POST',
    path: isRead ? `/bench/items/${itemId}` : '/bench/items',
    headers: {
      ...(body === undefined
        ? {}
        : {
            'content-type': 'application/json',
            'content-length': String(Buffer.byteLength(body)),
          }),
      ...(caller === undefined ? {} : prove(order, caller, input)),
    },
    body,
  };
}

function prove(order: LoadOrder, caller: Caller, input: unknown): Record<string, string> {
  const fields: CallFields = {
    node: caller.node,
    identity: caller.did,
    operation: order.what === 'read' ? 'bench.read' : 'bench.add',
    version: API_VERSION,
    // A row is read by the grant on it; one is written on behalf of whoever gave the grant.
    subject: order.what === 'read' ? undefined : caller.owner,
    idempotencyKey: order.what === 'read' ? undefined : randomUUID(),
    ts: new Date().toISOString(),
    inputDigest: sha256Hex(utf8(canonicalJson(input))),
  };
  return {
    [HEADERS.identity]: caller.did,
    [HEADERS.timestamp]: fields.ts,
    [HEADERS.signature]:
      order.proof === 'session'
        ? macCall(fromBase64url(caller.sessionKey), caller.sessionId, fields)
        : signCall(deriveKeys(fromBase64url(caller.seed), { index: 0 }), fields),
    ...(fields.subject === undefined ? {} : { [HEADERS.subject]: fields.subject }),
    ...(fields.idempotencyKey === undefined
      ? {}
      : { [HEADERS.idempotencyKey]: fields.idempotencyKey }),
  };
}

/** Sends the calls; each connection comes from a loopback address of its own, as from a machine. */
async function load(order: LoadOrder): Promise<{ wall_ms: number }> {
  const calls = Array.from({ length: order.calls }, (_, n) => prepare(order, n));
  const begun = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: order.connections }, async (_, at) => {
      const agent = new Agent({
        keepAlive: true,
        maxSockets: 1,
        localAddress: `127.0.0.${at + 2}`,
      });
      for (let call = calls[next++]; call !== undefined; call = calls[next++])
        await send(order.url, call, agent);
      agent.destroy();
    }),
  );
  return { wall_ms: performance.now() - begun };
}

function send(url: string, { method, path, headers, body }: Prepared, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${path}`, { method, headers, agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('end', () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`${response.statusCode}: ${Buffer.concat(chunks).toString()}`));
      });
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

if (process.send !== undefined) answerOrders<LoadOrder>(load, async () => undefined);
