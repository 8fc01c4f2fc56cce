import {
  CryptoError,
  decodeMultikey,
  importKemPublicKeys,
  importPublicKey,
  type VerifyingKeys,
} from '@anarq/crypto';

type KemPublicKeyObjects = ReturnType<typeof importKemPublicKeys>;

/** The keys of `<Ed25519 multikey>+<ML-DSA-65 multikey>`. Throws CryptoError for anything else. */
export function verifyingKeysOf(text: string): VerifyingKeys {
  const [ed25519, mldsa65] = decoded(text, 'ed25519', 'mldsa65');
  return {
    ed25519: importPublicKey('ed25519', ed25519),
    mldsa65: importPublicKey('mldsa65', mldsa65),
  };
}

/** The keys of `<X25519 multikey>+<ML-KEM-768 multikey>`. Throws CryptoError for anything else. */
export function recipientKeysOf(text: string): KemPublicKeyObjects {
  const [x25519, mlkem768] = decoded(text, 'x25519', 'mlkem768');
  return importKemPublicKeys({ x25519, mlkem768 });
}

function decoded(text: string, first: string, second: string): readonly [Uint8Array, Uint8Array] {
  const [left, right, ...rest] = text.split('+').map(decodeMultikey);
  if (left?.algorithm !== first || right?.algorithm !== second || rest.length > 0)
    throw new CryptoError('MALFORMED', `expected a ${first} and a ${second} multikey joined by +`);
  return [left.publicKey, right.publicKey];
}
