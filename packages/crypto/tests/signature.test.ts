import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CallFields } from '../src/index.ts';
import {
  callSigningBytes,
  canonicalJson,
  deriveKeys,
  HYBRID_SIGNATURE_LENGTH,
  importPublicKeys,
  macCall,
  parseSignatureHeader,
  publicKeysOf,
  sha256Hex,
  signCall,
  signHybrid,
  toBase64url,
  utf8,
  verifyCall,
  verifyCallMac,
  verifyHybrid,
} from '../src/index.ts';

const seed = Uint8Array.from({ length: 64 }, (_, index) => index);
const keys = deriveKeys(seed);
const publicKeys = importPublicKeys(publicKeysOf(keys));
const otherPublicKeys = importPublicKeys(publicKeysOf(deriveKeys(seed, { index: 1 })));
const message = utf8('Pay 5 rUv.');
const malformed = expect.objectContaining({ code: 'MALFORMED' });

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = bytes.slice();
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

describe('a hybrid signature', () => {
  const signature = signHybrid(keys, 'q.test.v1', message);

  it('is 64 and 3,309 bytes, and verifies', () => {
    expect(signature).toHaveLength(64 + 3_309);
    expect(HYBRID_SIGNATURE_LENGTH).toBe(64 + 3_309);
    expect(verifyHybrid(publicKeys, 'q.test.v1', message, signature)).toBe(true);
  });

  it('fails when any bit of either half is changed', () => {
    const bit = fc.oneof(
      fc.nat({ max: 64 * 8 - 1 }),
      fc.integer({ min: 64 * 8, max: HYBRID_SIGNATURE_LENGTH * 8 - 1 }),
    );
    fc.assert(
      fc.property(bit, (position) => {
        const changed = flipped(signature, position);
        expect(verifyHybrid(publicKeys, 'q.test.v1', message, changed)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it('fails when one half comes from another key, or one key is another', () => {
    const other = signHybrid(deriveKeys(seed, { index: 1 }), 'q.test.v1', message);
    const classical = Uint8Array.of(...other.slice(0, 64), ...signature.slice(64));
    const postQuantum = Uint8Array.of(...signature.slice(0, 64), ...other.slice(64));
    expect(verifyHybrid(publicKeys, 'q.test.v1', message, classical)).toBe(false);
    expect(verifyHybrid(publicKeys, 'q.test.v1', message, postQuantum)).toBe(false);
    for (const algorithm of ['ed25519', 'mldsa65'] as const) {
      const mixed = { ...publicKeys, [algorithm]: otherPublicKeys[algorithm] };
      expect(verifyHybrid(mixed, 'q.test.v1', message, signature)).toBe(false);
    }
  });

  it('fails in another domain, also where domain and message join to the same text', () => {
    expect(verifyHybrid(publicKeys, 'q.test.v2', message, signature)).toBe(false);
    const joined = signHybrid(keys, 'ab', utf8('c'));
    expect(verifyHybrid(publicKeys, 'a', utf8('bc'), joined)).toBe(false);
  });

  it('fails for another message', () => {
    expect(verifyHybrid(publicKeys, 'q.test.v1', utf8('Pay 6 rUv.'), signature)).toBe(false);
  });

  it('is false, not an exception, for lengths, domains and keys that cannot be', () => {
    for (const wrong of [signature.slice(1), new Uint8Array(0), signature.slice(0, 64)]) {
      expect(verifyHybrid(publicKeys, 'q.test.v1', message, wrong)).toBe(false);
    }
    expect(verifyHybrid(publicKeys, '', message, signature)).toBe(false);
    expect(verifyHybrid(publicKeys, '\ud800', message, signature)).toBe(false);
    const swapped = { ed25519: publicKeys.x25519, mldsa65: publicKeys.mlkem768 };
    expect(verifyHybrid(swapped, 'q.test.v1', message, signature)).toBe(false);
  });

  it('is not made in a domain that is empty, above 255 bytes, or no Unicode', () => {
    for (const domain of ['', 'é'.repeat(128), '\ud800']) {
      expect(() => signHybrid(keys, domain, message)).toThrow(malformed);
    }
    const longest = 'd'.repeat(255);
    expect(verifyHybrid(publicKeys, longest, message, signHybrid(keys, longest, message))).toBe(
      true,
    );
  });
});

const fields: CallFields = {
  node: 'did:squid:QmNode',
  identity: 'did:squid:QmCaller',
  subId: 'work',
  operation: 'qwallet.pay',
  version: '1.0.0',
  subject: 'intent/7',
  grant: 'bafygrant',
  idempotencyKey: 'order-7',
  ts: '2026-01-31T09:30:00.000Z',
  inputDigest: sha256Hex(utf8(canonicalJson({ amount: '5' }))),
};
const changes: readonly [string, CallFields][] = [
  ['node', { ...fields, node: 'did:squid:QmOther' }],
  ['identity', { ...fields, identity: 'did:squid:QmOther' }],
  ['sub-identity', { ...fields, subId: 'home' }],
  ['absent sub-identity', { ...fields, subId: undefined }],
  ['operation', { ...fields, operation: 'qwallet.refund' }],
  ['version', { ...fields, version: '2.0.0' }],
  ['subject', { ...fields, subject: 'intent/8' }],
  ['grant', { ...fields, grant: 'bafyother' }],
  ['idempotency key', { ...fields, idempotencyKey: 'order-8' }],
  [
    'idempotency key that was the subject',
    { ...fields, subject: 'order-7', idempotencyKey: 'intent/7' },
  ],
  ['time', { ...fields, ts: '2026-01-31T09:30:00.001Z' }],
  ['input', { ...fields, inputDigest: sha256Hex(utf8(canonicalJson({ amount: '6' }))) }],
];

describe('a signed call', () => {
  const header = signCall(keys, fields);

  it('verifies as it was signed, absent and undefined fields being the same', () => {
    expect(header).toMatch(/^v1\.[A-Za-z0-9_-]{4498}$/);
    expect(verifyCall(publicKeys, { ...fields }, header)).toBe(true);
    const { subId: _absent, ...without } = fields;
    expect(callSigningBytes(without)).toEqual(callSigningBytes({ ...fields, subId: undefined }));
  });

  it('covers the canonical JSON of its fields, whichever are there and whatever is in them', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
    const texts = fc.record(
      {
        node: text,
        identity: text,
        operation: text,
        version: text,
        subId: text,
        subject: text,
        grant: text,
        idempotencyKey: text,
      },
      { requiredKeys: ['node', 'identity', 'operation', 'version'] },
    );
    fc.assert(
      fc.property(texts, (some) => {
        const call = { ...some, ts: fields.ts, inputDigest: fields.inputDigest };
        const canonical = utf8(canonicalJson({ ...call, type: 'q.call.v1' }));
        expect(callSigningBytes(call)).toEqual(canonical);
      }),
    );
  });

  it.each(changes)('fails with another %s', (_name, changed) => {
    expect(verifyCall(publicKeys, changed, header)).toBe(false);
  });

  it('fails under another key', () => {
    expect(verifyCall(otherPublicKeys, fields, header)).toBe(false);
  });

  it('fails where its signature was made in another domain', () => {
    const foreign = signHybrid(keys, 'q.other.v1', callSigningBytes(fields));
    expect(verifyCall(publicKeys, fields, `v1.${toBase64url(foreign)}`)).toBe(false);
  });

  it('is false for a header that is none, or that is a session', () => {
    const session = macCall(new Uint8Array(32), 's', fields);
    for (const wrong of ['', 'v1.', `v2.${header.slice(3)}`, `${header}A`, session]) {
      expect(verifyCall(publicKeys, fields, wrong)).toBe(false);
    }
  });

  it.each([
    ['an empty text', { ...fields, operation: '' }],
    ['a text that is too long', { ...fields, subject: 'x'.repeat(2_049) }],
    ['a day that does not exist', { ...fields, ts: '2026-02-30T09:30:00Z' }],
    ['a time without zone', { ...fields, ts: '2026-01-31T09:30:00' }],
    ['a time with an offset', { ...fields, ts: '2026-01-31T09:30:00+01:00' }],
    ['an upper-case digest', { ...fields, inputDigest: fields.inputDigest.toUpperCase() }],
    ['a short digest', { ...fields, inputDigest: fields.inputDigest.slice(1) }],
  ])('is not made of %s', (_name, wrong) => {
    expect(() => callSigningBytes(wrong)).toThrow(malformed);
    expect(verifyCall(publicKeys, wrong, header)).toBe(false);
  });
});

describe('a call in a session', () => {
  const sessionKey = Uint8Array.from({ length: 32 }, (_, index) => index);
  const header = macCall(sessionKey, 'session-1', fields);

  it('verifies as it was made', () => {
    expect(header).toMatch(/^s1\.session-1\.[A-Za-z0-9_-]{43}$/);
    expect(verifyCallMac(sessionKey, 'session-1', { ...fields }, header)).toBe(true);
  });

  it.each(changes)('fails with another %s', (_name, changed) => {
    expect(verifyCallMac(sessionKey, 'session-1', changed, header)).toBe(false);
  });

  it('fails under another key, in another session, and as a full signature', () => {
    expect(verifyCallMac(flipped(sessionKey, 0), 'session-1', fields, header)).toBe(false);
    expect(verifyCallMac(sessionKey, 'session-2', fields, header)).toBe(false);
    const renamed = header.replace('session-1', 'session-2');
    expect(verifyCallMac(sessionKey, 'session-2', fields, renamed)).toBe(false);
    expect(verifyCallMac(sessionKey, 'session-1', fields, signCall(keys, fields))).toBe(false);
  });

  it('needs a key of 32 bytes and an id that a header can hold', () => {
    const badKey = expect.objectContaining({ code: 'BAD_KEY' });
    expect(() => macCall(sessionKey.slice(1), 's', fields)).toThrow(badKey);
    for (const id of ['', 'a.b', 'a b', 'x'.repeat(129)]) {
      expect(() => macCall(sessionKey, id, fields)).toThrow(malformed);
    }
  });
});

describe('a signature header', () => {
  const full = signCall(keys, fields);
  const session = macCall(new Uint8Array(32), 'abc', fields);

  it('is taken apart', () => {
    expect(parseSignatureHeader(full)).toMatchObject({ kind: 'full' });
    expect(parseSignatureHeader(session)).toMatchObject({ kind: 'session', sessionId: 'abc' });
  });

  it.each([
    ['nothing', ''],
    ['another version', `v2${full.slice(2)}`],
    ['a space in front', ` ${full}`],
    ['a space behind', `${full} `],
    ['padding', `${session}=`],
    ['one part more', `${session}.AA`],
    ['one part less', 's1.abc'],
    ['no session id', session.replace('abc', '')],
    ['a short MAC', 's1.abc.AAAA'],
    ['a short signature', 'v1.AAAA'],
    ['trailing bits', `${session.slice(0, -1)}B`],
    ['megabytes', `v1.${'A'.repeat(2_000_000)}`],
  ])('is refused with %s', (_name, text) => {
    expect(() => parseSignatureHeader(text)).toThrow(malformed);
  });
});
