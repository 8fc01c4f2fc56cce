import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import {
  compileChain,
  decodeDelegation,
  didKeyOfEd25519,
  prepareDelegation,
  MLDSA_CONTEXT,
  type Algorithm,
  type CompiledGrant,
  type Delegation,
  type DelegationPayload,
  type KeysOf,
} from '../src/index.ts';

/** Somebody with keys; the name only chooses the seed, so that runs are alike. */
export interface Person {
  did: string;
  ed25519: KeyObject;
  mldsa65?: KeyObject;
}

/** PKCS #8 of an Ed25519 key up to its 32-byte seed (RFC 8410, section 7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** A key from a 32-byte seed. */
export function personFromSeed(seed: Uint8Array): Person {
  const der = Buffer.concat([PKCS8_PREFIX, seed]);
  const ed25519 = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const raw = createPublicKey(ed25519).export({ format: 'raw-public' });
  return { did: didKeyOfEd25519(new Uint8Array(raw)), ed25519 };
}

/** A person whose seed is one byte, repeated. */
export function person(seed: number): Person {
  return personFromSeed(new Uint8Array(32).fill(seed));
}

/** A person with both keys, under a DID that has to be asked for. */
export function hybridPerson(seed: number, did: string): Person & { mldsa65: KeyObject } {
  return { ...person(seed), did, mldsa65: generateKeyPairSync('ml-dsa-65').privateKey };
}

/** What is not stated is: forever, everything, of the issuer's own. */
export type Stated = Partial<DelegationPayload>;

let nonces = 0;

/** A signed token from one person to another. */
export function token(
  from: Person,
  to: Person,
  stated: Stated = {},
  algorithm: Algorithm = 'ed25519',
): Uint8Array {
  nonces += 1;
  const payload: DelegationPayload = {
    iss: from.did,
    aud: to.did,
    sub: from.did,
    cmd: '/',
    pol: [],
    nonce: new TextEncoder().encode(`nonce ${nonces}`.padEnd(12)),
    exp: null,
    ...stated,
  };
  const prepared = prepareDelegation(payload, algorithm);
  const classical = sign(null, prepared.signedBytes, from.ed25519);
  if (algorithm === 'ed25519') return prepared.seal(classical);
  if (from.mldsa65 === undefined) throw new Error('no ML-DSA key');
  const key = { key: from.mldsa65, context: MLDSA_CONTEXT };
  return prepared.seal(Buffer.concat([classical, sign(null, prepared.signedBytes, key)]));
}

/** A delegation that was signed, sealed and read again. */
export function delegation(from: Person, to: Person, stated: Stated = {}): Delegation {
  return decodeDelegation(token(from, to, stated));
}

/** A directory that knows nobody. */
export const nobody: KeysOf = () => undefined;

/** Compiles a chain of did:key principals at a time. */
export function compile(leafFirst: readonly Delegation[], now_s = 1_000): CompiledGrant {
  return compileChain(leafFirst, { now_s, keysOf: nobody });
}

/** The code of what a function throws; 'ACCEPTED' if it does not. */
export function codeOf(act: () => unknown): string {
  try {
    act();
    return 'ACCEPTED';
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code);
    return `threw ${String(error)}`;
  }
}
