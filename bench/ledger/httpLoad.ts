import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { HEADERS } from '@anarq/common-schemas';
import { numbersFrom } from './batches.ts';
import { drive, type Load } from './drive.ts';
import type { HttpCaller } from './httpCallers.ts';

/** Who pays over HTTP at once: each on a connection of its own, one call after the other. */
export const HTTP_CALLERS = 64;

/** Where a node is called, and by whom. */
export interface HttpPlace {
  readonly url: string;
  readonly callers: readonly HttpCaller[];
}

/** What is sent over HTTP: each connection is somebody's own and waits for its answer. */
export interface HttpShape {
  /** Transfers of a call. */
  readonly batch: number;
  readonly connections: number;
  readonly requests: number;
  /** Accounts a1 to this number are paid to. */
  readonly accounts: number;
}

/** `ledger.createTransfers` by callers who each have a connection of their own. */
export async function loadOverHttp({ url, callers }: HttpPlace, shape: HttpShape): Promise<Load> {
  const { batch, connections, requests } = shape;
  const random = numbersFrom(88_172_645);
  const payers = callers.slice(0, connections);
  // Whoever is faster sends more: each has as many at hand as all send together on average, and half again.
  const atHand = Math.ceil((requests / connections) * 1.5) + 8;
  const prepared = payers.map((payer) =>
    Array.from({ length: atHand }, () => bodyOf(payer, shape, random)),
  );
  const agents = payers.map(
    // As from a machine of its own: what one address may do is limited.
    (_, lane) => new Agent({ keepAlive: true, maxSockets: 1, localAddress: `127.0.0.${lane + 2}` }),
  );
  try {
    return await drive(
      payers.map((payer, lane) => () => {
        const body = prepared[lane]!.pop() ?? bodyOf(payer, shape, random);
        return send(url, body, payer, agents[lane]!);
      }),
      requests,
      batch,
    );
  } finally {
    for (const agent of agents) agent.destroy();
  }
}

/** Transfers from the payer's account to others, with ids that were never used. */
function bodyOf({ accountId }: HttpCaller, shape: HttpShape, random: () => number): string {
  const call = randomUUID();
  const transfers = Array.from({ length: shape.batch }, (_, index) => ({
    id: `${call}-${index}`,
    debitAccountId: accountId,
    creditAccountId: `a${1 + (random() % shape.accounts)}`,
    amount: `${1 + (random() % 9)}.50`,
    unit: 'EUR',
    code: 1,
  }));
  return JSON.stringify({ transfers });
}

/** @returns how many transfers were refused */
function send(url: string, body: string, payer: HttpCaller, agent: Agent): Promise<number> {
  const headers = {
    authorization: `Bearer ${payer.token}`,
    [HEADERS.subject]: payer.subject,
    [HEADERS.idempotencyKey]: randomUUID(),
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
  };
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/ledger/transfers`, { method: 'POST', headers, agent }, (from) => {
      const chunks: Buffer[] = [];
      from.on('data', (chunk: Buffer) => chunks.push(chunk));
      from.once('error', reject);
      from.once('end', () => {
        const text = Buffer.concat(chunks).toString();
        if (from.statusCode === 200) resolve(refusedIn(text));
        else reject(new Error(`${from.statusCode}: ${text}`));
      });
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

function refusedIn(answer: string): number {
  const { data } = JSON.parse(answer) as { data: { results: { result: string }[] } };
  return data.results.filter(({ result }) => result !== 'created').length;
}
