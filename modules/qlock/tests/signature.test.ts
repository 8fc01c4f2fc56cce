import { fromBase64url, toBase64url } from '@anarq/crypto';
import type { OutputOf } from '@anarq/common-schemas';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { qlock } from '../src/contract.ts';
import { bytes, codeOf, type Key } from './support.ts';

type Signature = OutputOf<typeof qlock.sign>;

let node: TestNode;
let alice: Actor;
let key: Key;
let signature: Signature;
const said = { domain: 'invoice.v1', message: bytes('pay 3.50') };

beforeAll(async () => {
  node = await startTestNode({ modules: ['qlock'] });
  alice = await node.person('Alice');
  key = await alice.call(qlock.createKey, { kind: 'signing' });
  signature = await alice.call(qlock.sign, { keyId: key.keyId, ...said });
});
afterAll(() => node.close());

/** As anybody may ask it: without an identity. */
async function verify(input: object): Promise<OutputOf<typeof qlock.verify>> {
  const result = await node.kernel.invoke({
    operation: 'qlock.verify',
    input: { ...said, signature, ...input },
    surface: 'http',
    credential: { kind: 'anonymous' },
  });
  if (result.status === 'error') throw new Error(result.code);
  return result.data as OutputOf<typeof qlock.verify>;
}

const flip = (text: string, place: number): string => {
  const changed = fromBase64url(text);
  changed[place] = (changed[place] ?? 0) ^ 1;
  return toBase64url(changed);
};

describe('a signature', () => {
  it('is hybrid, names key, time and nonce, and is verified by anybody', async () => {
    expect(signature).toMatchObject({ alg: 'Ed25519+ML-DSA-65', pub: key.publicKey });
    expect(signature.pub.split('+')).toHaveLength(2);
    expect(fromBase64url(signature.sig)).toHaveLength(64 + 3_309);
    expect(await verify({ pub: key.publicKey })).toEqual({
      valid: true,
      signedAt: new Date(signature.ts).toISOString(),
    });
  });

  it.each([
    ['another message', () => ({ message: bytes('pay 9.50') })],
    ['another domain', () => ({ domain: 'receipt.v1' })],
    ['another time', () => ({ signature: { ...signature, ts: signature.ts + 1 } })],
    ['another nonce', () => ({ signature: { ...signature, nonce: flip(signature.nonce, 0) } })],
    [
      'a changed Ed25519 half',
      () => ({ signature: { ...signature, sig: flip(signature.sig, 5) } }),
    ],
    [
      'a changed ML-DSA half',
      () => ({ signature: { ...signature, sig: flip(signature.sig, 99) } }),
    ],
    ['half a signature', () => ({ signature: { ...signature, sig: signature.sig.slice(0, 86) } })],
    ['one algorithm only', () => ({ signature: { ...signature, alg: 'Ed25519' } })],
    [
      'keys in the wrong order',
      () => ({
        signature: { ...signature, pub: signature.pub.split('+').toReversed().join('+') },
      }),
    ],
    ['one key only', () => ({ signature: { ...signature, pub: signature.pub.split('+')[0] } })],
    ['a key that is none', () => ({ signature: { ...signature, pub: 'zNonsense+z' } })],
    [
      'a time beyond all calendars',
      () => ({
        signature: { ...signature, ts: Number.MAX_SAFE_INTEGER },
      }),
    ],
  ])('is not good for %s', async (_what, change) => {
    const answer = await verify(change());
    expect(answer.valid).toBe(false);
    expect(answer.reason).toBeTypeOf('string');
  });

  it('is not good where another key is expected', async () => {
    const other = await alice.call(qlock.createKey, { kind: 'signing' });
    expect(await verify({ pub: other.publicKey })).toMatchObject({ valid: false });
    const pub = other.publicKey ?? '';
    expect(await verify({ signature: { ...signature, pub } })).toMatchObject({ valid: false });
  });

  it('of one message differs each time, and is the same under the same idempotency key', async () => {
    const input = { keyId: key.keyId, ...said };
    const options = { idempotencyKey: 'sign-once' };
    const first = await alice.call(qlock.sign, input, options);
    expect(await alice.call(qlock.sign, input, options)).toEqual(first);
    expect(first.nonce).not.toBe(signature.nonce);
  });

  it('stays good after its key was rotated', async () => {
    const { keyId } = await alice.call(qlock.createKey, { kind: 'signing' });
    const before = await alice.call(qlock.sign, { keyId, ...said });
    await alice.call(qlock.rotateKey, { keyId });
    const after = await alice.call(qlock.sign, { keyId, ...said });
    expect(after.pub).not.toBe(before.pub);
    for (const each of [before, after])
      expect(await verify({ signature: each })).toMatchObject({ valid: true });
  });

  it('is made for nobody but the owner of the key', async () => {
    const bob = await node.person('Bob');
    const input = { keyId: key.keyId, ...said };
    expect(codeOf(await bob.result(qlock.sign, input))).toBe('QONSENT_DENIED');
  });

  it('is made with signing keys only', async () => {
    const { keyId } = await alice.call(qlock.createKey, { kind: 'symmetric' });
    expect(codeOf(await alice.result(qlock.sign, { keyId, ...said }))).toBe('STATE_CONFLICT');
  });
});
