import { fail, HEADERS } from '@anarq/common-schemas';
import type { Call, Credential } from '@anarq/kernel';

/** Headers that decide what a call is and who makes it: each may stand once. */
const SINGLE = new Set<string>([
  HEADERS.identity,
  HEADERS.subIdentity,
  HEADERS.consent,
  HEADERS.signature,
  HEADERS.timestamp,
  HEADERS.apiVersion,
  HEADERS.subject,
  HEADERS.idempotencyKey,
  HEADERS.traceparent,
  'authorization',
  'content-type',
  'last-event-id',
  'content-encoding',
  'host',
  'origin',
  'range',
  'x-content-sha256',
]);

/** Bearer credentials, RFC 6750 section 2.1. */
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i;

/** The headers of a request that a surface reads, in lower case, each at most once. */
export type CallHeaders = Readonly<Record<string, string | undefined>>;

/**
 * Reads the headers that count, from the raw list: Node joins or drops repeated ones, and a call
 * must not depend on which of two values a proxy in front kept.
 * @param rawHeaders names and values in turn, as in `IncomingMessage.rawHeaders`
 * @throws QError INPUT_INVALID for a header that is given twice
 */
export function readHeaders(rawHeaders: readonly string[]): CallHeaders {
  const headers: Record<string, string> = {};
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase();
    if (!SINGLE.has(name)) continue;
    if (Object.hasOwn(headers, name))
      fail('INPUT_INVALID', `The header ${name} is given more than once.`, { header: name });
    headers[name] = rawHeaders[at + 1] ?? '';
  }
  return headers;
}

/**
 * Who sends this, as far as the headers say: nobody, a bearer token, or a signature. Judges nothing.
 * @throws QError QLOCK_AUTH_FAIL for a proof of which a part is missing, INPUT_INVALID for two proofs
 */
export function credentialOf(headers: CallHeaders): Credential {
  const { authorization } = headers;
  const identity = headers[HEADERS.identity];
  const subId = headers[HEADERS.subIdentity];
  const signature = headers[HEADERS.signature];
  const ts = headers[HEADERS.timestamp];
  const isSigned = [identity, subId, signature, ts].some((header) => header !== undefined);
  if (authorization !== undefined) {
    if (isSigned) fail('INPUT_INVALID', 'Send either a bearer token or a signature, not both.');
    const token = BEARER.exec(authorization)?.[1];
    return token === undefined
      ? fail('QLOCK_AUTH_FAIL', 'Authorization takes "Bearer", a space, and the token.')
      : { kind: 'bearer', token };
  }
  if (!isSigned) return { kind: 'anonymous' };
  const missing = [
    [HEADERS.identity, identity],
    [HEADERS.signature, signature],
    [HEADERS.timestamp, ts],
  ].flatMap(([name, value]) => (value === undefined || value === '' ? [name] : []));
  if (identity === undefined || signature === undefined || ts === undefined || missing.length > 0)
    return fail(
      'QLOCK_AUTH_FAIL',
      `A signed call carries ${HEADERS.identity}, ${HEADERS.timestamp} and ${HEADERS.signature}; ${missing.join(' and ')} is missing.`,
      { missing },
    );
  return {
    kind: 'signature',
    identity,
    ts,
    signature,
    ...(subId === undefined ? {} : { subId }),
  };
}

type CallFacts = Pick<
  Call,
  'credential' | 'subject' | 'grant' | 'idempotencyKey' | 'apiVersion' | 'traceparent'
>;

/** The fields of a call that travel in headers, under the names of the module specification. */
export function factsOf(headers: CallHeaders): CallFacts {
  const subject = headers[HEADERS.subject];
  const grant = headers[HEADERS.consent];
  const idempotencyKey = headers[HEADERS.idempotencyKey];
  const apiVersion = headers[HEADERS.apiVersion];
  const traceparent = headers[HEADERS.traceparent];
  return {
    credential: credentialOf(headers),
    ...(subject === undefined ? {} : { subject }),
    ...(grant === undefined ? {} : { grant }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(apiVersion === undefined ? {} : { apiVersion }),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
}
