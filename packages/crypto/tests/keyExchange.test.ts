import { describe, expect, it } from 'vitest';
import {
  importPrivateKey,
  importPublicKey,
  mlkemDecapsulate,
  mlkemEncapsulate,
  rawPublicKey,
} from '../src/index.ts';
import { fromHex, haveWycheproof, readVectors } from './vectors.ts';

describe.skipIf(!haveWycheproof)('ML-KEM-768', () => {
  it('key exchange agrees with the FIPS 203 vectors', () => {
    const good = readVectors('mlkem_768_test').filter(({ test }) => test.result === 'valid');
    expect(good.length).toBeGreaterThan(50);
    const secrets = new Set<string>();
    for (const { test } of good) {
      const key = importPrivateKey('mlkem768', fromHex(test['seed']));
      expect(rawPublicKey(key)).toEqual(fromHex(test['ek']));
      expect(mlkemDecapsulate(key, fromHex(test['c']))).toEqual(fromHex(test['K']));
      // And with whoever sends now: both have one secret, and it is not the same each time.
      const { ciphertext, sharedSecret } = mlkemEncapsulate(
        importPublicKey('mlkem768', rawPublicKey(key)),
      );
      expect(mlkemDecapsulate(key, ciphertext)).toEqual(sharedSecret);
      secrets.add(Buffer.from(sharedSecret).toString('hex'));
    }
    expect(secrets.size).toBe(good.length);
  });
});
