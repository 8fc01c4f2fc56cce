import type { KeyObject } from 'node:crypto';
import {
  ALGORITHMS,
  importPublicKey,
  lengthPrefixed,
  signSingle,
  utf8,
  verifySingle,
} from '@anarq/crypto';

/** The version of hello and frames; others are refused. */
export const PROTOCOL_VERSION = 1;
/** Context of the signature (FIPS 204, 5.2): it is good for nothing else. */
const CONTEXT = utf8('q.p2p.hello.v1');

const NONCE_BYTES = 32;
const CHAIN_BYTES = 32;
const PUBLIC_KEY_BYTES = ALGORITHMS.mldsa65.publicKeyLength;
const GREETING_BYTES = 1 + CHAIN_BYTES + PUBLIC_KEY_BYTES + NONCE_BYTES;

/** What each side says first. */
export interface Greeting {
  readonly version: number;
  /** 32 bytes. */
  readonly chainId: Uint8Array;
  /** ML-DSA-65 public key. */
  readonly publicKey: Uint8Array;
  /** 32 random bytes, new for each connection. */
  readonly nonce: Uint8Array;
}

/** Version, chain, key and nonce, one behind the other. */
export function encodeGreeting(greeting: Greeting): Uint8Array {
  const bytes = new Uint8Array(GREETING_BYTES);
  bytes[0] = greeting.version;
  bytes.set(greeting.chainId, 1);
  bytes.set(greeting.publicKey, 1 + CHAIN_BYTES);
  bytes.set(greeting.nonce, 1 + CHAIN_BYTES + PUBLIC_KEY_BYTES);
  return bytes;
}

/** A greeting of this or another version; undefined where it is none. */
export function decodeGreeting(bytes: Uint8Array): Greeting | undefined {
  // A later version may add members behind these; it is then refused by its number, with a reason.
  const version = bytes[0] ?? 0;
  if (bytes.byteLength < GREETING_BYTES) return undefined;
  if (version === PROTOCOL_VERSION && bytes.byteLength !== GREETING_BYTES) return undefined;
  const key = 1 + CHAIN_BYTES;
  const nonce = key + PUBLIC_KEY_BYTES;
  return {
    version,
    chainId: new Uint8Array(bytes.subarray(1, key)),
    publicKey: new Uint8Array(bytes.subarray(key, nonce)),
    nonce: new Uint8Array(bytes.subarray(nonce, nonce + NONCE_BYTES)),
  };
}

/** Everything that a hello is about. Two sides of one connection name the same. */
export interface HelloFacts {
  readonly dialler: HelloSide;
  readonly listener: HelloSide;
  /**
   * Keying material exported from the TLS connection (RFC 9266, with a label of our own): whoever
   * stands between two connections cannot pass a statement on from one to the other, not even with
   * the broken Ed25519 keys of both peer ids.
   */
  readonly channel: Uint8Array;
}

interface HelloSide {
  /** libp2p's peer id, as TLS showed it. */
  readonly peerId: string;
  readonly greeting: Greeting;
}

/** Whose statement it is; what one side signed is no statement of the other. */
export type HelloRole = 'dialler' | 'listener';

function statementOf(role: HelloRole, { dialler, listener, channel }: HelloFacts): Uint8Array {
  return lengthPrefixed(
    role,
    dialler.peerId,
    encodeGreeting(dialler.greeting),
    listener.peerId,
    encodeGreeting(listener.greeting),
    channel,
  );
}

/** The statement of one side, signed with its ML-DSA-65 key. */
export function signHello(key: KeyObject, role: HelloRole, facts: HelloFacts): Uint8Array {
  return signSingle(key, statementOf(role, facts), CONTEXT);
}

/** Whether this is the statement of that side about these facts. */
export function verifyHello(role: HelloRole, facts: HelloFacts, signature: Uint8Array): boolean {
  let key: KeyObject;
  try {
    key = importPublicKey('mldsa65', facts[role].greeting.publicKey);
  } catch {
    return false;
  }
  return verifySingle(key, statementOf(role, facts), signature, CONTEXT);
}
