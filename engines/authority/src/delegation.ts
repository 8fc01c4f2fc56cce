import { encode } from '@ipld/dag-cbor';
import { parseBudget, parseCalls } from './budget.ts';
import { cidOf } from './cid.ts';
import { parseCommand } from './command.ts';
import { decodeStrict } from './dag-cbor-strict.ts';
import { parseDid } from './did.ts';
import { AuthorityError } from './errors.ts';
import { isMap } from './ipld.ts';
import { parsePolicy, type Policy } from './policy.ts';
import { algorithmOf, checkSignatureLength, headerOf, type Algorithm } from './varsig.ts';

/** What an issuer states. Times are seconds since the Unix epoch, both ends included. */
export interface DelegationPayload {
  readonly iss: string;
  readonly aud: string;
  /** Whom the authority is about; null passes on whatever the issuer receives (a powerline). */
  readonly sub: string | null;
  readonly cmd: string;
  readonly pol: Policy;
  readonly nonce: Uint8Array;
  /** null: never expires. */
  readonly exp: number | null;
  readonly nbf?: number;
  readonly meta?: Readonly<Record<string, unknown>>;
}

/** A sealed delegation that was read; its signature is not checked yet. */
export interface Delegation extends DelegationPayload {
  readonly cid: string;
  readonly bytes: Uint8Array;
  readonly meta: Readonly<Record<string, unknown>>;
  readonly algorithm: Algorithm;
  readonly signature: Uint8Array;
  /** The DAG-CBOR bytes that the signature is over. */
  readonly signedBytes: Uint8Array;
}

/** UCAN Delegation, Type Tag. */
const TAG = 'ucan/dlg@1.0.0-rc.1';
/** RFC 8949: the head of a list of two items. */
const LIST_OF_TWO = 0x82;
const TOKEN_BYTES_MAX = 65_536;
const NONCE_BYTES_MAX = 256;
const MEMBERS: readonly string[] = [
  'iss',
  'aud',
  'sub',
  'cmd',
  'pol',
  'nonce',
  'exp',
  'nbf',
  'meta',
];

/**
 * Reads a sealed delegation: `[signature, { h: varsig, "ucan/dlg@1.0.0-rc.1": payload }]` in
 * canonical DAG-CBOR of at most 64 KiB, without any other member.
 *
 * Source: UCAN 1.0.0-rc.1, Envelope; UCAN Delegation 1.0.0-rc.1.
 *
 * @param bytes the sealed token; copied, so the caller may reuse it
 * @returns the delegation, its signature unverified
 * @throws AuthorityError MALFORMED, TOO_LONG, or BAD_SIGNATURE for one of the wrong length
 */
export function decodeDelegation(bytes: Uint8Array): Delegation {
  if (bytes.length > TOKEN_BYTES_MAX) throw tooLong(bytes.length);
  const own = Uint8Array.from(bytes);
  const envelope = decodeStrict(own);
  if (!Array.isArray(envelope) || envelope.length !== 2) {
    throw malformed('an envelope is a list of a signature and what was signed');
  }
  const signature: unknown = envelope[0];
  const signed: unknown = envelope[1];
  if (!(signature instanceof Uint8Array)) throw malformed('the signature must be bytes');
  if (!isMap(signed) || Object.keys(signed).length !== 2 || !Object.hasOwn(signed, TAG)) {
    throw malformed(`what is signed must hold h and ${TAG}, and nothing else`);
  }
  const algorithm = algorithmOf(signed['h']);
  checkSignatureLength(signature, algorithm);
  return Object.freeze({
    ...readPayload(signed[TAG]),
    cid: cidOf(own),
    bytes: own,
    algorithm,
    signature,
    // Canonical form makes the lengths of the heads known: one byte for the list of two.
    signedBytes: own.subarray(1 + byteStringLength(signature.length)),
  });
}

/** @returns length of a DAG-CBOR byte string with its head; RFC 8949, section 3 */
function byteStringLength(length: number): number {
  return length + (length < 24 ? 1 : length < 256 ? 2 : 3);
}

type ReadPayload = DelegationPayload & Pick<Delegation, 'meta'>;

function readPayload(value: unknown): ReadPayload {
  if (!isMap(value)) throw malformed('the payload must be a map');
  for (const key of Object.keys(value)) {
    if (!MEMBERS.includes(key)) throw malformed(`unknown member ${JSON.stringify(key)}`);
  }
  // Own members only, whatever an object inherits.
  const at = (name: string): unknown => (Object.hasOwn(value, name) ? value[name] : undefined);
  const nbf = at('nbf');
  const sub = at('sub') ?? null;
  return {
    iss: parseDid(at('iss'), 'iss'),
    aud: parseDid(at('aud'), 'aud'),
    // The reference implementation leaves sub out where the specification writes null.
    sub: sub === null ? null : parseDid(sub, 'sub'),
    cmd: parseCommand(at('cmd')),
    pol: parsePolicy(at('pol')),
    nonce: readNonce(at('nonce')),
    exp: at('exp') === null ? null : readTime(at('exp'), 'exp'),
    ...(nbf === undefined ? {} : { nbf: readTime(nbf, 'nbf') }),
    meta: readMeta(at('meta')),
  };
}

function readNonce(value: unknown): Uint8Array {
  if (value instanceof Uint8Array && value.length <= NONCE_BYTES_MAX) return value;
  throw malformed(`nonce must be at most ${NONCE_BYTES_MAX} bytes`);
}

function readTime(value: unknown, field: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw malformed(`${field} must be whole seconds since the Unix epoch`);
}

function readMeta(value: unknown): Readonly<Record<string, unknown>> {
  if (value === undefined) return {};
  if (!isMap(value)) throw malformed('meta must be a map');
  parseBudget(value);
  parseCalls(value);
  return value;
}

/** What an issuer needs to sign, and how the signature becomes a token. */
export interface PreparedDelegation {
  /** To be signed; for the hybrid, both signatures are over these bytes. */
  readonly signedBytes: Uint8Array;
  /**
   * @param signature 64 bytes of Ed25519; for the hybrid, 3309 bytes of ML-DSA-65 after them
   * @returns the sealed token
   * @throws AuthorityError BAD_SIGNATURE for one of the wrong length
   */
  seal(signature: Uint8Array): Uint8Array;
}

/**
 * Makes a delegation ready to be signed. Keys stay with the caller.
 *
 * @param payload what the issuer states; checked as if it had come from outside
 * @param algorithm how it will be signed
 * @throws AuthorityError MALFORMED, or TOO_LONG where the token would exceed 64 KiB
 */
export function prepareDelegation(
  payload: DelegationPayload,
  algorithm: Algorithm,
): PreparedDelegation {
  const { meta, ...stated } = readPayload(payload);
  const members = Object.keys(meta).length === 0 ? stated : { ...stated, meta };
  const signedBytes = encodeChecked({ h: headerOf(algorithm), [TAG]: members });
  return {
    signedBytes,
    seal(signature) {
      checkSignatureLength(signature, algorithm);
      const sealed = encode(signature);
      const token = new Uint8Array(1 + sealed.length + signedBytes.length);
      if (token.length > TOKEN_BYTES_MAX) throw tooLong(token.length);
      token[0] = LIST_OF_TWO;
      token.set(sealed, 1);
      token.set(signedBytes, 1 + sealed.length);
      return token;
    },
  };
}

function encodeChecked(value: unknown): Uint8Array {
  let bytes: Uint8Array;
  try {
    // The encoder may hand out a view of a larger pool.
    bytes = Uint8Array.from(encode(value));
  } catch (cause) {
    throw malformed(cause instanceof Error ? cause.message : 'cannot be encoded');
  }
  if (bytes.length > TOKEN_BYTES_MAX) throw tooLong(bytes.length);
  // What we would not read we do not sign.
  decodeStrict(bytes);
  return bytes;
}

function malformed(why: string): AuthorityError {
  return new AuthorityError('MALFORMED', `delegation: ${why}`);
}

function tooLong(length: number): AuthorityError {
  const message = `a token has at most ${TOKEN_BYTES_MAX} bytes, this one ${length}`;
  return new AuthorityError('TOO_LONG', message);
}
