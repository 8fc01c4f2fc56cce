import {
  ALGORITHMS,
  encodeMultikey,
  importPrivateKey,
  randomBytes,
  rawPublicKey,
  type IdentityKeys,
  type KemPrivateKeys,
  type Sealer,
  type SigningKeys,
} from '@anarq/crypto';
import { KEY_PURPOSE, type KeyKind } from './store.ts';

type Pair = readonly [first: keyof IdentityKeys, second: keyof IdentityKeys];

/** The two algorithms of a hybrid key, classical first; their seeds stand one after the other. */
const SIGNING: Pair = ['ed25519', 'mldsa65'];
const RECIPIENT: Pair = ['x25519', 'mlkem768'];
const SYMMETRIC_BYTES = 32;

/** A new secret of a kind: random bytes, and the public part where there is one. */
export function newKeyMaterial(kind: KeyKind): {
  secret: Uint8Array;
  publicKey: string | null;
} {
  if (kind === 'symmetric') return { secret: randomBytes(SYMMETRIC_BYTES), publicKey: null };
  const pair = kind === 'signing' ? SIGNING : RECIPIENT;
  const [first, second] = pair.map((algorithm) => ALGORITHMS[algorithm].seedLength);
  const secret = randomBytes((first ?? 0) + (second ?? 0));
  const publicKey = imported(pair, secret)
    .map((key, place) => encodeMultikey(pair[place] ?? pair[0], rawPublicKey(key)))
    .join('+');
  return { secret, publicKey };
}

/** Seals a secret for the one version of a key that it is of. */
export const sealSecret = (sealer: Sealer, versionId: string, secret: Uint8Array): Uint8Array =>
  sealer.seal(KEY_PURPOSE, versionId, secret);

export const openSecret = (sealer: Sealer, versionId: string, sealed: Uint8Array): Uint8Array =>
  sealer.open(KEY_PURPOSE, versionId, sealed);

/** Keys to open what was encrypted to a recipient key. */
export function recipientKeys(secret: Uint8Array): KemPrivateKeys {
  const [x25519, mlkem768] = imported(RECIPIENT, secret);
  return { x25519, mlkem768 };
}

/** Keys to sign with. */
export function signingKeys(secret: Uint8Array): SigningKeys {
  const [ed25519, mldsa65] = imported(SIGNING, secret);
  return { ed25519, mldsa65 };
}

function imported([first, second]: Pair, secret: Uint8Array) {
  const border = ALGORITHMS[first].seedLength;
  return [
    importPrivateKey(first, secret.slice(0, border)),
    importPrivateKey(second, secret.slice(border)),
  ] as const;
}
