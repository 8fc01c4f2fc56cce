import { createHmac } from 'node:crypto';
import { equalBytes, fromBase64url, lengthPrefixed, toBase64url, utf8 } from './bytes.ts';
import { CryptoError } from './errors.ts';
import { isInstant } from './instant.ts';
import { canonicalJson } from './jcs.ts';
import type { SigningKeys, VerifyingKeys } from './signature.ts';
import { HYBRID_SIGNATURE_LENGTH, signHybrid, verifyHybrid } from './signature.ts';

/** The domain of a caller's signature over a call. */
export const CALL_DOMAIN = 'q.call.v1';
/** What a session's MAC over a call begins with. */
const CALL_MAC_DOMAIN = 'q.call.mac.v1';

const SESSION_KEY_LENGTH = 32;
const MAC_LENGTH = 32;
/** `v1.` and 3,373 bytes in base64url; a session's header is shorter. */
const HEADER_LENGTH_MAX = 4_501;
const FIELD_LENGTH_MAX = 2_048;
const SESSION_ID = /^[A-Za-z0-9_-]{1,128}$/;
const DIGEST_HEX = /^[0-9a-f]{64}$/;

/** What a signature of a call covers. Texts have 1 to 2,048 characters; undefined means absent. */
export interface CallFields {
  /** DID of the node that is called: a signature for one node is none for another. */
  readonly node: string;
  /** DID of the caller. */
  readonly identity: string;
  /** The sub-identity or active context the caller acts in. */
  readonly subId?: string | undefined;
  /** For example `qwallet.pay`. */
  readonly operation: string;
  /** Version of the operation's contract. */
  readonly version: string;
  /** The resource the call is about. */
  readonly subject?: string | undefined;
  /** CID of the grant it is made under. */
  readonly grant?: string | undefined;
  readonly idempotencyKey?: string | undefined;
  /** When it was signed: an RFC 3339 instant in UTC, ending in `Z`. */
  readonly ts: string;
  /** SHA-256 of the canonical JSON of the input, 64 lower-case hexadecimal digits. */
  readonly inputDigest: string;
}

/**
 * The bytes a caller signs: the canonical JSON (RFC 8785) of the fields and `"type": "q.call.v1"`.
 * Throws `MALFORMED` on a field that is missing, too long or not in its format.
 */
export function callSigningBytes(fields: CallFields): Uint8Array {
  return utf8(callSigningText(fields));
}

/** The members in the order of RFC 8785, without sorting them for each call. */
function callSigningText(fields: CallFields): string {
  const { node, identity, subId, operation, version, subject, grant, idempotencyKey } = fields;
  const { ts, inputDigest } = fields;
  if (typeof ts !== 'string' || !isInstant(ts)) {
    throw new CryptoError('MALFORMED', 'ts: expected an instant in UTC, as 2026-01-31T09:30:00Z');
  }
  if (typeof inputDigest !== 'string' || !DIGEST_HEX.test(inputDigest)) {
    throw new CryptoError('MALFORMED', 'inputDigest: expected 64 lower-case hexadecimal digits');
  }
  return [
    `{${optional('grant', grant)}${optional('idempotencyKey', idempotencyKey)}`,
    `"identity":${textOf('identity', identity)},"inputDigest":"${inputDigest}",`,
    `"node":${textOf('node', node)},"operation":${textOf('operation', operation)},`,
    `${optional('subId', subId)}${optional('subject', subject)}"ts":"${ts}",`,
    `"type":"${CALL_DOMAIN}","version":${textOf('version', version)}}`,
  ].join('');
}

const optional = (name: string, value: unknown): string =>
  value === undefined ? '' : `"${name}":${textOf(name, value)},`;

function textOf(name: string, value: unknown): string {
  if (typeof value !== 'string' || value.length === 0 || value.length > FIELD_LENGTH_MAX) {
    throw new CryptoError('MALFORMED', `${name}: expected 1 to ${FIELD_LENGTH_MAX} characters`);
  }
  return canonicalJson(value);
}

/** The full form, `v1.<base64url>`: a hybrid signature over the call. Throws as `callSigningBytes`. */
export function signCall(keys: SigningKeys, fields: CallFields): string {
  return `v1.${toBase64url(signHybrid(keys, CALL_DOMAIN, callSigningBytes(fields)))}`;
}

/** Whether a header is the full form and its signature covers this call. Never throws. */
export function verifyCall(keys: VerifyingKeys, fields: CallFields, header: string): boolean {
  try {
    const parsed = parseSignatureHeader(header);
    if (parsed.kind !== 'full') return false;
    return verifyHybrid(keys, CALL_DOMAIN, callSigningBytes(fields), parsed.signature);
  } catch {
    return false;
  }
}

/**
 * The session form, `s1.<sessionId>.<base64url>`: HMAC-SHA256 under the session's 32-byte key over
 * domain, session and call, each behind its length. Throws `BAD_KEY` on another key length,
 * `MALFORMED` on a session id that is not 1 to 128 characters of base64url.
 */
export function macCall(sessionKey: Uint8Array, sessionId: string, fields: CallFields): string {
  return `s1.${sessionId}.${toBase64url(callMac(sessionKey, sessionId, fields))}`;
}

/**
 * Whether a header, as it came or taken apart, is the session form, of this session, and its MAC
 * covers this call; compared in constant time. Never throws.
 */
export function verifyCallMac(
  sessionKey: Uint8Array,
  sessionId: string,
  fields: CallFields,
  header: string | SignatureHeader,
): boolean {
  try {
    const parsed = typeof header === 'string' ? parseSignatureHeader(header) : header;
    if (parsed.kind !== 'session' || parsed.sessionId !== sessionId) return false;
    return equalBytes(parsed.mac, callMac(sessionKey, sessionId, fields));
  } catch {
    return false;
  }
}

function callMac(sessionKey: Uint8Array, sessionId: string, fields: CallFields): Uint8Array {
  if (sessionKey.byteLength !== SESSION_KEY_LENGTH) {
    throw new CryptoError('BAD_KEY', `expected a session key of ${SESSION_KEY_LENGTH} bytes`);
  }
  if (!SESSION_ID.test(sessionId)) throw malformedHeader();
  const message = lengthPrefixed(CALL_MAC_DOMAIN, sessionId, callSigningText(fields));
  return new Uint8Array(createHmac('sha256', sessionKey).update(message).digest());
}

/** A signature header, taken apart. */
export type SignatureHeader =
  | { readonly kind: 'full'; readonly signature: Uint8Array }
  | { readonly kind: 'session'; readonly sessionId: string; readonly mac: Uint8Array };

/**
 * Takes a signature header apart: `v1.<3,373 bytes>` or `s1.<sessionId>.<32 bytes>`. Throws
 * `MALFORMED` on anything else, other spellings of the same bytes included.
 */
export function parseSignatureHeader(text: string): SignatureHeader {
  if (text.length > HEADER_LENGTH_MAX) throw malformedHeader();
  const [form, ...parts] = text.split('.');
  if (form === 'v1' && parts.length === 1) {
    const signature = fromBase64url(parts[0] ?? '');
    if (signature.byteLength === HYBRID_SIGNATURE_LENGTH) return { kind: 'full', signature };
  }
  if (form === 's1' && parts.length === 2) {
    const [sessionId = '', encodedMac = ''] = parts;
    const mac = fromBase64url(encodedMac);
    if (SESSION_ID.test(sessionId) && mac.byteLength === MAC_LENGTH) {
      return { kind: 'session', sessionId, mac };
    }
  }
  throw malformedHeader();
}

function malformedHeader(): CryptoError {
  return new CryptoError(
    'MALFORMED',
    'expected a signature as v1.<base64url> or s1.<session id>.<base64url>',
  );
}
