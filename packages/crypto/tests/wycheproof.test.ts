import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  CryptoError,
  hkdfExpandSha256,
  hkdfSha256,
  importPrivateKey,
  importPublicKey,
  mlkemDecapsulate,
  mlkemEncapsulate,
  openBytes,
  rawPublicKey,
  verifySingle,
  x25519,
} from '../src/index.ts';
import type { Algorithm } from '../src/index.ts';
import { fromHex, haveWycheproof, runVectors } from './vectors.ts';

/** The result, or the code with which the package refused. */
function attempt<T>(action: () => T): T | CryptoError {
  try {
    return action();
  } catch (error) {
    if (error instanceof CryptoError) return error;
    throw error;
  }
}

function checkSignatures(algorithm: Algorithm, file: string) {
  return runVectors(file, ({ publicKey, test }) => {
    const key = attempt(() => importPublicKey(algorithm, fromHex(publicKey)));
    const context = test['ctx'] === undefined ? undefined : fromHex(test['ctx']);
    const good =
      !(key instanceof CryptoError) &&
      verifySingle(key, fromHex(test['msg']), fromHex(test['sig']), context);
    expect(good, `${file} ${test['tcId']} ${test['comment']}`).toBe(test.result === 'valid');
    return undefined;
  });
}

describe.skipIf(!haveWycheproof)('the primitives pass the Wycheproof vectors', () => {
  it('Ed25519: verifies what is valid and nothing else', () => {
    expect(checkSignatures('ed25519', 'ed25519_test')).toEqual({ checked: 91, skipped: 0 });
  });

  it('ML-DSA-65: verifies what is valid and nothing else, contexts included', () => {
    const counts = checkSignatures('mldsa65', 'mldsa_65_verify_test');
    expect(counts).toEqual({ checked: 149, skipped: 0 });
  });

  it('ML-DSA-44: verifies what is valid and nothing else, contexts included', () => {
    const counts = checkSignatures('mldsa44', 'mldsa_44_verify_test');
    expect(counts).toEqual({ checked: 105, skipped: 0 });
  });

  it('ML-DSA-65: a seed gives the public key of the vectors, under which their signatures verify', () => {
    const counts = runVectors('mldsa_65_sign_seed_test', ({ group, publicKey, test }) => {
      if (test['msg'] === undefined) return 'message given as its hash mu only';
      const privateKey = attempt(() => importPrivateKey('mldsa65', fromHex(group['privateSeed'])));
      if (test.result !== 'valid') {
        expect(privateKey).toMatchObject({ code: 'BAD_KEY' });
        return undefined;
      }
      const key = importPublicKey('mldsa65', fromHex(publicKey));
      expect(!(privateKey instanceof CryptoError) && rawPublicKey(privateKey)).toEqual(
        fromHex(publicKey),
      );
      const context = test['ctx'] === undefined ? undefined : fromHex(test['ctx']);
      const good = verifySingle(key, fromHex(test['msg']), fromHex(test['sig']), context);
      expect(good, `${test['tcId']}`).toBe(true);
      return undefined;
    });
    expect(counts).toEqual({ checked: 57, skipped: 11 });
  });

  it('ML-KEM-768: decapsulates to the secret of the vectors, and refuses other lengths', () => {
    const counts = runVectors('mlkem_768_test', ({ test }) => {
      const secret = attempt(() => {
        const key = importPrivateKey('mlkem768', fromHex(test['seed']));
        if (test['ek'] !== undefined) expect(rawPublicKey(key)).toEqual(fromHex(test['ek']));
        return mlkemDecapsulate(key, fromHex(test['c']));
      });
      if (test.result === 'valid') expect(secret).toEqual(fromHex(test['K']));
      else expect(secret, `${test['tcId']}`).toBeInstanceOf(CryptoError);
      return undefined;
    });
    expect(counts).toEqual({ checked: 108, skipped: 0 });
  });

  it('ML-KEM-768: encapsulates to good keys, and imports no bad one', () => {
    const counts = runVectors('mlkem_768_encaps_test', ({ test }) => {
      const sent = attempt(() =>
        mlkemEncapsulate(importPublicKey('mlkem768', fromHex(test['ek']))),
      );
      const refused = sent instanceof CryptoError;
      expect(refused, `${test['tcId']} ${test['comment']}`).toBe(test.result !== 'valid');
      return undefined;
    });
    expect(counts).toEqual({ checked: 171, skipped: 0 });
  });

  it('ML-KEM-768: a seed gives the public key of the vectors', () => {
    const counts = runVectors('mlkem_768_keygen_seed_test', ({ test }) => {
      const key = importPrivateKey('mlkem768', fromHex(test['seed']));
      expect(rawPublicKey(key)).toEqual(fromHex(test['ek']));
      return undefined;
    });
    expect(counts).toEqual({ checked: 67, skipped: 0 });
  });

  it('X25519: gives the secret of the vectors, and refuses where it would be all zero', () => {
    const counts = runVectors('x25519_test', ({ test }) => {
      const privateKey = importPrivateKey('x25519', fromHex(test['private']));
      const publicKey = importPublicKey('x25519', fromHex(test['public']));
      const secret = attempt(() => x25519(privateKey, publicKey));
      const expected = fromHex(test['shared']);
      if (expected.some((byte) => byte !== 0)) expect(secret).toEqual(expected);
      else expect(secret).toBeInstanceOf(CryptoError);
      return undefined;
    });
    expect(counts).toEqual({ checked: 335, skipped: 0 });
  });

  it('AES-256-GCM: opens what is valid and nothing else', () => {
    const counts = runVectors('aes_gcm_test', ({ test }) => {
      const [key, iv, tag] = [fromHex(test['key']), fromHex(test['iv']), fromHex(test['tag'])];
      if (iv.length !== 12) return 'nonces of other than 96 bits are not accepted';
      if (key.length !== 32) return 'keys of 128 and 192 bits are not used';
      const sealed = Uint8Array.of(...iv, ...fromHex(test['ct']), ...tag);
      const plain = attempt(() => openBytes(key, sealed, fromHex(test['aad'])));
      if (test.result === 'valid') expect(plain).toEqual(fromHex(test['msg']));
      else expect(plain, `${test['tcId']}`).toMatchObject({ code: 'OPEN_FAILED' });
      return undefined;
    });
    expect(counts).toEqual({ checked: 42, skipped: 169 });
  });

  it('HKDF-SHA256: whole, and as extract and expand by itself', () => {
    const counts = runVectors('hkdf_sha256_test', ({ test }) => {
      const [secret, salt, info] = [test['ikm'], test['salt'], test['info']].map(fromHex);
      if (secret === undefined || salt === undefined || info === undefined) return 'incomplete';
      const length = Number(test['size']);
      const extracted = createHmac('sha256', salt).update(secret).digest();
      for (const output of [
        attempt(() => hkdfSha256(secret, salt, info, length)),
        attempt(() => hkdfExpandSha256(extracted, info, length)),
      ]) {
        if (test.result === 'valid') expect(output).toEqual(fromHex(test['okm']));
        else expect(output).toMatchObject({ code: 'MALFORMED' });
      }
      return undefined;
    });
    expect(counts).toEqual({ checked: 50, skipped: 0 });
  });
});
