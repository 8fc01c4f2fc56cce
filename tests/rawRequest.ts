import { randomUUID } from 'node:crypto';
import { request as openRequest } from 'node:http';
import { API_VERSION, HEADERS, type AnyOperation, type Failure } from '@anarq/common-schemas';
import {
  canonicalJson,
  deriveKeys,
  sha256Hex,
  signCall,
  utf8,
  type CallFields,
} from '@anarq/crypto';
import type { Party, ServedNode } from './servedNode.ts';

/** A request exactly as it goes out; nothing is added to it. */
export interface RawRequest {
  readonly method: string;
  /** Path and query string, as written. */
  readonly path: string;
  /** A list of values sends the header more than once. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Uint8Array;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Sends a request without judging it: any path, any header, any bytes. */
export function exchange(port: number, { method, path, headers, body }: RawRequest) {
  return new Promise<RawAnswer>((resolve, reject) => {
    const outgoing = openRequest(
      { host: '127.0.0.1', port, method, path, headers, agent: false },
      (answer) => {
        const pieces: Buffer[] = [];
        answer.on('data', (piece: Buffer) => pieces.push(piece));
        answer.on('error', reject);
        answer.on('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            body: Buffer.concat(pieces).toString(),
          }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** The envelope of a refusal. @throws SyntaxError where the answer is no JSON */
export const failureIn = ({ body }: RawAnswer): Failure => JSON.parse(body) as Failure;

export interface SignedCall {
  readonly op: AnyOperation;
  readonly input: Readonly<Record<string, unknown>>;
  readonly who: Party;
  /** Path, where the operation has members in it; default: as the contract says. */
  readonly path?: string;
  /** Default: the time of the node. */
  readonly ts?: string;
  readonly idempotencyKey?: string;
  readonly grant?: string;
  readonly subject?: string;
  /** What the signature says in place of what the request says. */
  readonly signed?: Partial<CallFields>;
  /** Whose keys sign, where they are not the caller's. */
  readonly signer?: Party;
}

/** A call in full signature, as the client of the specification would write it by hand. */
export function signedRequest({ node, now_ms }: ServedNode, call: SignedCall): RawRequest {
  const { op, input, who, grant, subject } = call;
  const ts = call.ts ?? new Date(now_ms()).toISOString();
  const idempotencyKey = call.idempotencyKey ?? randomUUID();
  const signature = signCall(deriveKeys((call.signer ?? who).seed, { index: 0 }), {
    node: node.kernel.node.did,
    identity: who.did,
    operation: op.id,
    version: API_VERSION,
    subject,
    grant,
    idempotencyKey,
    ts,
    inputDigest: digestOf(input),
    ...call.signed,
  });
  return {
    method: op.http.method,
    path: call.path ?? `/${op.module}${op.http.path}`,
    headers: {
      'content-type': 'application/json',
      [HEADERS.identity]: who.did,
      [HEADERS.timestamp]: ts,
      [HEADERS.signature]: signature,
      [HEADERS.idempotencyKey]: idempotencyKey,
      ...(grant === undefined ? {} : { [HEADERS.consent]: grant }),
      ...(subject === undefined ? {} : { [HEADERS.subject]: subject }),
    },
    ...(op.http.method === 'GET' ? {} : { body: JSON.stringify(input) }),
  };
}

/** The digest of an input, as it is signed. */
export const digestOf = (input: unknown): string => sha256Hex(utf8(canonicalJson(input)));

/** The request with other headers; undefined leaves one out. */
export function withHeaders(
  request: RawRequest,
  changed: Readonly<Record<string, string | string[] | undefined>>,
): RawRequest {
  const headers = Object.entries({ ...request.headers, ...changed }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return { ...request, headers: Object.fromEntries(headers) };
}
