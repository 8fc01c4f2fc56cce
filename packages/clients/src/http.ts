import { HEADERS, type Result } from '@anarq/common-schemas';
import { anonymous } from './credentials.ts';
import { httpContent } from './httpContent.ts';
import { requestOf } from './httpRequest.ts';
import { reach } from './reach.ts';
import {
  ConnectionLost,
  isResult,
  type Credentials,
  type OutgoingCall,
  type Proof,
  type Transport,
} from './transport.ts';

/**
 * Calls a node over HTTP, with the fetch of this runtime.
 * @param order.url where the node answers, for example http://127.0.0.1:8080
 */
export function http(order: {
  readonly url: string;
  readonly credentials?: Credentials;
}): Transport {
  const base = order.url.replace(/\/+$/, '');
  return {
    credentials: order.credentials ?? anonymous(),
    content: httpContent(base),
    send: (call) => send(base, call),
    close: async () => {},
  };
}

async function send(base: string, call: OutgoingCall): Promise<Result<unknown>> {
  const { method, path, body } = requestOf(call.op, call.input);
  const headers = {
    ...headersOf(call),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  const response = await reach(`${base}${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body }),
    ...(call.signal === undefined ? {} : { signal: call.signal }),
  });
  const answer = await response.json().catch((cause: unknown) => {
    throw new ConnectionLost(`the answer (HTTP ${response.status}) broke off`, { cause });
  });
  if (!isResult(answer))
    throw new ConnectionLost(`something else than the node answered (HTTP ${response.status})`);
  return answer;
}

/** The headers that say who calls, for whom, and under which key. */
export function headersOf(call: OutgoingCall): Record<string, string> {
  return {
    ...proofHeaders(call.proof),
    ...(call.subject === undefined ? {} : { [HEADERS.subject]: call.subject }),
    ...(call.grant === undefined ? {} : { [HEADERS.consent]: call.grant }),
    ...(call.idempotencyKey === undefined ? {} : { [HEADERS.idempotencyKey]: call.idempotencyKey }),
  };
}

function proofHeaders(proof: Proof): Record<string, string> {
  switch (proof.kind) {
    case 'anonymous':
      return {};
    case 'bearer':
      return { authorization: `Bearer ${proof.token}` };
    case 'signature':
      return {
        [HEADERS.identity]: proof.identity,
        [HEADERS.timestamp]: proof.ts,
        [HEADERS.signature]: proof.signature,
        ...(proof.subId === undefined ? {} : { [HEADERS.subIdentity]: proof.subId }),
      };
  }
}
