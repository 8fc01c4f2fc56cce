import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decapsulate,
  decryptFrom,
  deriveKeys,
  encapsulate,
  encryptTo,
  ephemeralKem,
  importKemPublicKeys,
  importPublicKeys,
  KEM_CIPHERTEXT_LENGTH,
  openBytes,
  publicKeysOf,
  SEAL_OVERHEAD,
  sealBytes,
  utf8,
} from '../src/index.ts';

const seed = Uint8Array.from({ length: 64 }, (_, index) => index);
const keys = deriveKeys(seed);
const otherKeys = deriveKeys(seed, { index: 1 });
const publicKeys = importPublicKeys(publicKeysOf(keys));
const key = Uint8Array.from({ length: 32 }, (_, index) => index);
const plain = utf8('twenty-seven bytes of a file');
const openFailed = expect.objectContaining({ code: 'OPEN_FAILED' });

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = bytes.slice();
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

describe('a sealed message', () => {
  const sealed = sealBytes(key, plain, 'aad');

  it('opens to what was sealed, whatever its length', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.uint8Array({ maxLength: 50 }),
        (bytes, aad) => {
          const closed = sealBytes(key, bytes, aad);
          expect(closed).toHaveLength(bytes.length + SEAL_OVERHEAD);
          expect(openBytes(key, closed, aad)).toEqual(bytes);
        },
      ),
    );
  });

  it('takes a text as associated data for its UTF-8 bytes', () => {
    expect(openBytes(key, sealBytes(key, plain, 'é'), utf8('é'))).toEqual(plain);
  });

  it('does not open when any one bit is changed', () => {
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      expect(() => openBytes(key, flipped(sealed, bit), 'aad')).toThrow(openFailed);
    }
  });

  it('does not open when it is cut, however short, or when bytes are added', () => {
    for (let length = 0; length < sealed.length; length++) {
      expect(() => openBytes(key, sealed.slice(0, length), 'aad')).toThrow(openFailed);
    }
    expect(() => openBytes(key, Uint8Array.of(...sealed, 0), 'aad')).toThrow(openFailed);
  });

  it('does not open with other associated data or under any key that differs in one bit', () => {
    expect(() => openBytes(key, sealed, 'other')).toThrow(openFailed);
    fc.assert(
      fc.property(fc.nat({ max: 255 }), (bit) => {
        expect(() => openBytes(flipped(key, bit), sealed, 'aad')).toThrow(openFailed);
      }),
    );
  });

  it('has a nonce of its own each time', () => {
    const nonces = Array.from({ length: 100 }, () =>
      Buffer.from(sealBytes(key, plain, '').slice(0, 12)).toString('hex'),
    );
    expect(new Set(nonces).size).toBe(100);
  });

  it('needs a key of 32 bytes', () => {
    const badKey = expect.objectContaining({ code: 'BAD_KEY' });
    expect(() => sealBytes(key.slice(1), plain, '')).toThrow(badKey);
    expect(() => openBytes(key.slice(16), sealed, '')).toThrow(badKey);
  });
});

describe('hybrid key encapsulation', () => {
  it('gives both sides the same key, another one each time', () => {
    const first = encapsulate(publicKeys, 'test');
    const second = encapsulate(publicKeys, 'test');
    expect(first.ciphertext).toHaveLength(32 + 1_088);
    expect(first.sharedKey).toHaveLength(32);
    expect(decapsulate(keys, first.ciphertext, 'test')).toEqual(first.sharedKey);
    expect(second.sharedKey).not.toEqual(first.sharedKey);
  });

  it('depends on the context, on both private keys, and on every part of the ciphertext', () => {
    const { ciphertext, sharedKey } = encapsulate(publicKeys, 'test');
    const others = [
      decapsulate(keys, ciphertext, 'other'),
      decapsulate({ ...keys, x25519: otherKeys.x25519 }, ciphertext, 'test'),
      decapsulate({ ...keys, mlkem768: otherKeys.mlkem768 }, ciphertext, 'test'),
      decapsulate(keys, flipped(ciphertext, 0), 'test'),
      decapsulate(keys, flipped(ciphertext, 32 * 8), 'test'),
      decapsulate(keys, flipped(ciphertext, ciphertext.length * 8 - 1), 'test'),
      // RFC 7748 ignores the top bit of a key: the combiner does not.
      decapsulate(keys, flipped(ciphertext, 32 * 8 - 1), 'test'),
    ];
    for (const other of others) expect(other).not.toEqual(sharedKey);
  });

  it('refuses ciphertexts of another length, and X25519 keys of small order on either side', () => {
    const { ciphertext } = encapsulate(publicKeys, 'test');
    expect(() => decapsulate(keys, ciphertext.slice(1), 'test')).toThrow(openFailed);
    const zeroSender = Uint8Array.of(...new Uint8Array(32), ...ciphertext.slice(32));
    expect(() => decapsulate(keys, zeroSender, 'test')).toThrow(openFailed);
    const raw = publicKeysOf(keys);
    const zeroRecipient = importKemPublicKeys({ ...raw, x25519: new Uint8Array(32) });
    expect(() => encapsulate(zeroRecipient, 'test')).toThrow(
      expect.objectContaining({ code: 'BAD_KEY' }),
    );
  });

  it('lets a client open a session with keys that exist for it only', () => {
    const client = ephemeralKem();
    expect(client.publicKeys.x25519).not.toEqual(ephemeralKem().publicKeys.x25519);
    const { ciphertext, sharedKey } = encapsulate(
      importKemPublicKeys(client.publicKeys),
      'session',
    );
    expect(client.decapsulate(ciphertext, 'session')).toEqual(sharedKey);
    expect(ephemeralKem().decapsulate(ciphertext, 'session')).not.toEqual(sharedKey);
  });
});

describe('a message encrypted to an identity', () => {
  const sealed = encryptTo(publicKeys, plain, 'aad');

  it('is opened by its keys', () => {
    expect(sealed).toHaveLength(KEM_CIPHERTEXT_LENGTH + plain.length + SEAL_OVERHEAD);
    expect(decryptFrom(keys, sealed, 'aad')).toEqual(plain);
  });

  it('does not open with other keys, other associated data, cut, or with a changed bit', () => {
    expect(() => decryptFrom(otherKeys, sealed, 'aad')).toThrow(openFailed);
    expect(() => decryptFrom(keys, sealed, 'other')).toThrow(openFailed);
    expect(() => decryptFrom(keys, sealed.slice(0, -1), 'aad')).toThrow(openFailed);
    expect(() => decryptFrom(keys, new Uint8Array(10), 'aad')).toThrow(openFailed);
    fc.assert(
      fc.property(fc.nat({ max: sealed.length * 8 - 1 }), (bit) => {
        expect(() => decryptFrom(keys, flipped(sealed, bit), 'aad')).toThrow(openFailed);
      }),
      { numRuns: 200 },
    );
  });
});
