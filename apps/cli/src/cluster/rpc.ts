import {
  createServer,
  request,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { rm } from 'node:fs/promises';
import { fail, isErrorCode, QError } from '@anarq/common-schemas';

/** JSON as it goes over the socket of a process. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json };
export type RpcHandlers = Readonly<
  Record<string, (input: Readonly<Record<string, Json>>) => Json | Promise<Json>>
>;

interface Refusal {
  readonly code?: string;
  readonly message?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** An entry of 256 transactions fits many times. */
const BODY_BYTES_MAX = 4 << 20;
const ANSWER_BYTES_MAX = 64 << 20;
const SOCKET_MODE = 0o600;

/**
 * Answers calls on a Unix socket that only its owner can open: POST /name with JSON, and JSON back.
 * @returns how to stop
 */
export async function serveRpc(path: string, handlers: RpcHandlers): Promise<() => Promise<void>> {
  await rm(path, { force: true });
  const server = createServer((incoming, outgoing) => {
    void serve(handlers, incoming, outgoing);
  });
  await listen(server, path);
  return async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(path, { force: true });
  };
}

async function serve(
  handlers: RpcHandlers,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const { status, body } = await answer(handlers, incoming);
  outgoing.writeHead(status, { 'content-type': 'application/json' });
  outgoing.end(JSON.stringify(body));
}

async function listen(server: Server, path: string): Promise<void> {
  const before = process.umask(0o777 - SOCKET_MODE);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
  } finally {
    process.umask(before);
  }
}

async function answer(
  handlers: RpcHandlers,
  incoming: IncomingMessage,
): Promise<{ readonly status: number; readonly body: Json }> {
  try {
    const name = (incoming.url ?? '').slice(1);
    const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
    const input = await readJson(incoming, BODY_BYTES_MAX);
    if (handler === undefined) return fail('OPERATION_UNKNOWN', `There is no ${name} here.`);
    if (typeof input !== 'object' || input === null || Array.isArray(input))
      return fail('INPUT_INVALID', 'The input is an object.');
    // Neither null nor an array: an object of JSON.
    return { status: 200, body: await handler(input as Readonly<Record<string, Json>>) };
  } catch (error) {
    const code = error instanceof QError ? error.code : 'INTERNAL';
    const message = error instanceof Error ? error.message : String(error);
    const details = error instanceof QError ? error.details : undefined;
    return {
      status: 400,
      // Details are plain data.
      body: { code, message, ...(details === undefined ? {} : { details: details as Json }) },
    };
  }
}

async function readJson(incoming: IncomingMessage, bytes_max: number): Promise<Json> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    // Without an encoding a stream of HTTP gives buffers.
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes > bytes_max) fail('LIMIT_EXCEEDED', `A body has at most ${bytes_max} bytes.`);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}') as Json;
  } catch {
    return fail('INPUT_INVALID', 'The body is no JSON.');
  }
}

/**
 * Calls a process over its socket.
 * @param patience_ms a process that is held (SIGSTOP) takes a call, and never answers
 * @throws QError with the code that it answered; SERVICE_UNAVAILABLE where nobody answers
 */
export async function callRpc<T>(
  path: string,
  name: string,
  input: object,
  patience_ms: number,
): Promise<T> {
  const signal = AbortSignal.timeout(patience_ms);
  const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
    const order = { socketPath: path, path: `/${name}`, method: 'POST', signal };
    const outgoing = request(order, resolve);
    outgoing.once('error', reject);
    outgoing.end(JSON.stringify(input));
  }).catch((error: NodeJS.ErrnoException) =>
    fail('SERVICE_UNAVAILABLE', `Nobody answers at ${path}: ${error.code ?? error.message}.`),
  );
  const body = await readJson(incoming, ANSWER_BYTES_MAX).catch((error: Error) =>
    fail('SERVICE_UNAVAILABLE', `The answer from ${path} broke off: ${error.message}.`),
  );
  if (incoming.statusCode === 200) return body as T;
  // Written by answer() in the other process.
  const { code = 'INTERNAL', message = 'no message', details } = body as Refusal;
  return fail(isErrorCode(code) ? code : 'INTERNAL', message, details);
}
