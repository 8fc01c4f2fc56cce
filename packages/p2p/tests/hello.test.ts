import { importPrivateKey, rawPublicKey } from '@anarq/crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeGreeting, encodeGreeting, signHello, verifyHello } from '../src/hello.ts';
import type { HelloFacts } from '../src/hello.ts';
import { noise, seedOf } from './peers.ts';

const key = importPrivateKey('mldsa65', seedOf('ana'));
const greeting = (name: string) => ({
  version: 1,
  chainId: noise(32, 1),
  publicKey: rawPublicKey(importPrivateKey('mldsa65', seedOf(name))),
  nonce: noise(32, name.length),
});
const facts: HelloFacts = {
  dialler: { peerId: '12D3KooWAna', greeting: greeting('ana') },
  listener: { peerId: '12D3KooWBeto', greeting: greeting('beto') },
  channel: noise(32, 9),
};
const { dialler, listener, channel } = facts;

describe('a hello', () => {
  const signature = signHello(key, 'dialler', facts);

  it('is good for the connection it was signed for', () => {
    expect(verifyHello('dialler', facts, signature)).toBe(true);
  });

  it.each([
    ['the other side', 'listener', facts],
    [
      'another peer id of the signer',
      'dialler',
      { ...facts, dialler: { ...dialler, peerId: 'x' } },
    ],
    [
      'another peer id of the other',
      'dialler',
      { ...facts, listener: { ...listener, peerId: 'x' } },
    ],
    ['another TLS connection', 'dialler', { ...facts, channel: noise(32, 10) }],
    ['both sides changed over', 'dialler', { dialler: listener, listener: dialler, channel }],
  ] as const)('is good for nothing else: %s', (_, role, other) => {
    expect(verifyHello(role, other, signature)).toBe(false);
  });

  it.each(['version', 'chainId', 'nonce', 'publicKey'] as const)(
    'is bound to the %s of both sides',
    (member) => {
      for (const side of ['dialler', 'listener'] as const) {
        const changed =
          member === 'version'
            ? { ...facts[side].greeting, version: 2 }
            : { ...facts[side].greeting, [member]: noise(facts[side].greeting[member].length, 77) };
        const other = { ...facts, [side]: { ...facts[side], greeting: changed } };
        expect(verifyHello('dialler', other, signature)).toBe(false);
      }
    },
  );

  it('with a signature of any bytes is refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4_000 }), (bytes) => {
        expect(verifyHello('dialler', facts, bytes)).toBe(false);
      }),
      { numRuns: 20 },
    );
  });
});

describe('a greeting', () => {
  it('is read as it was written', () => {
    expect(decodeGreeting(encodeGreeting(dialler.greeting))).toEqual(dialler.greeting);
  });

  it('of any bytes is read or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4_096 }), (bytes) => {
        const read = decodeGreeting(bytes);
        return read?.version !== 1 || Buffer.compare(encodeGreeting(read), bytes) === 0;
      }),
    );
    expect(decodeGreeting(encodeGreeting(dialler.greeting).subarray(1))).toBeUndefined();
  });
});
