import type { IncomingMessage } from 'node:http';
import { fail } from '@anarq/common-schemas';
import type { FastifyInstance } from 'fastify';
import type { CallTarget } from '../callTarget.ts';
import { commonHeaders } from './respond.ts';

const GREETING_BYTES_MAX = 4_096;
/** Inputs of the largest operation, in JSON, sealed. */
const MESSAGE_BYTES_MAX = 32 * 1_048_576;
const PAIRING = /^([A-Za-z0-9_-]{22})\.([0-9]{1,15})$/;

/** Where the other processes of this node are answered: sealed messages, each for one pairing. */
export function internalRoutes(app: FastifyInstance, { peers }: CallTarget): void {
  if (peers === undefined) return;
  app.post('/internal/greet', async (request, reply) => {
    const answer = peers.greet(await bytesOf(request.raw, GREETING_BYTES_MAX));
    if (answer === undefined)
      return fail('QLOCK_AUTH_FAIL', 'This is for processes of this node only.');
    return reply.headers(commonHeaders(request.id)).type(SEALED).send(Buffer.from(answer));
  });
  app.post('/internal/ask', async (request, reply) => {
    const [, pairing = '', number = ''] =
      PAIRING.exec(String(request.headers['x-q-pairing'] ?? '')) ?? [];
    if (!peers.knows(pairing)) return fail('QLOCK_AUTH_FAIL', 'There is no such pairing here.');
    const message = await bytesOf(request.raw, MESSAGE_BYTES_MAX);
    const answer = await peers.answer(pairing, Number(number), message);
    if (answer === undefined)
      return fail('QLOCK_AUTH_FAIL', 'The message is not of this pairing, or was here before.');
    return reply.headers(commonHeaders(request.id)).type(SEALED).send(Buffer.from(answer));
  });
}

const SEALED = 'application/octet-stream';

async function bytesOf(request: IncomingMessage, bytes_max: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > bytes_max)
      return fail('INPUT_TOO_LARGE', `A message has at most ${bytes_max} bytes.`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}
