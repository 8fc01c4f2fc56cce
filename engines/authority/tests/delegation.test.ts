import { encode } from '@ipld/dag-cbor';
import { createPublicKey, sign } from 'node:crypto';
import fc from 'fast-check';
import { base58btc } from 'multiformats/bases/base58';
import { describe, expect, it } from 'vitest';
import {
  decodeDelegation,
  ed25519OfDidKey,
  prepareDelegation,
  verifySignature,
  type DelegationPayload,
  type KeysOf,
} from '../src/index.ts';
import { codeOf, hybridPerson, nobody, person, token } from './builders.ts';

const alice = person(1);
const bob = person(2);

const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));
const decodeCode = (bytes: Uint8Array) => codeOf(() => decodeDelegation(bytes));

/** The envelope of a good token, with something changed, sealed with any signature. */
function altered(change: (payload: Record<string, unknown>) => void, header?: Uint8Array) {
  const payload: Record<string, unknown> = {
    iss: alice.did,
    aud: bob.did,
    sub: alice.did,
    cmd: '/a',
    pol: [],
    nonce: new Uint8Array(12),
    exp: null,
  };
  change(payload);
  const h = header ?? hex('3401ed01ed011371');
  return encode([new Uint8Array(64), { h, 'ucan/dlg@1.0.0-rc.1': payload }]);
}

describe('a token', () => {
  it('is read as it was stated', () => {
    const payload: DelegationPayload = {
      iss: alice.did,
      aud: 'did:webvh:Qm123:example.com#key-1',
      sub: null,
      cmd: '/qdrive/read',
      pol: [['==', '.path', 'a']],
      nonce: Uint8Array.of(1, 2, 3),
      exp: 2_000,
      nbf: -5,
      meta: { 'q/budget': { unit: 'rUv', total: '20' }, note: 'x', ratio: 1.5 },
    };
    const prepared = prepareDelegation(payload, 'ed25519');
    const read = decodeDelegation(prepared.seal(sign(null, prepared.signedBytes, alice.ed25519)));
    expect(read).toMatchObject(payload);
    expect(read.signedBytes).toEqual(prepared.signedBytes);
    expect(() => verifySignature(read, nobody)).not.toThrow();
  });

  it('keeps its own copy of the bytes', () => {
    const bytes = token(alice, bob);
    const read = decodeDelegation(bytes);
    bytes.fill(0);
    expect(() => verifySignature(read, nobody)).not.toThrow();
  });

  it('with any one bit flipped is refused', () => {
    const meta = { 'q/budget': { unit: 'rUv', total: '20', perCall: '5' } };
    const good = token(alice, bob, { meta, cmd: '/a/b', pol: [['like', '.to', '*@example.com']] });
    for (let at = 0; at < good.length; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const bad = Uint8Array.from(good);
        bad[at] = (bad[at] ?? 0) ^ (1 << bit);
        const code = codeOf(() => verifySignature(decodeDelegation(bad), nobody));
        expect(code, `byte ${at}, bit ${bit}`).toMatch(/^(MALFORMED|BAD_SIGNATURE)$/);
      }
    }
  });

  it('cut short or continued is refused, whatever it is', () => {
    const good = token(alice, bob);
    for (let length = 0; length < good.length; length += 1) {
      expect(decodeCode(good.subarray(0, length))).toBe('MALFORMED');
    }
    expect(decodeCode(Uint8Array.of(...good, 0))).toBe('MALFORMED');
    expect(decodeCode(Uint8Array.of(...good, ...good))).toBe('MALFORMED');
  });

  it('of random bytes never does anything but throw a refusal', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(decodeCode(bytes)).toBe('MALFORMED');
      }),
      { numRuns: 2_000 },
    );
  });

  it('of more than 64 KiB is refused before it is read, and is not issued', () => {
    expect(decodeCode(new Uint8Array(65_537))).toBe('TOO_LONG');
    const meta = { note: 'x'.repeat(65_536) };
    expect(codeOf(() => token(alice, bob, { meta }))).toBe('TOO_LONG');
  });
});

describe('the encoding', () => {
  const good = token(alice, bob);
  const text = Buffer.from(good).toString('hex');
  const headEnd = (2 + 1 + 64) * 2;

  it('is accepted in its canonical form only', () => {
    expect(text.slice(0, 6)).toBe('825840');
    expect(decodeCode(good)).toBe('ACCEPTED');
    const variants: Record<string, string> = {
      'indefinite list': `9f${text.slice(2)}ff`,
      'indefinite map': `${text.slice(0, headEnd)}bf${text.slice(headEnd + 2)}ff`,
      'indefinite byte string': `825f${text.slice(2, headEnd)}ff${text.slice(headEnd)}`,
      'list head of two bytes': `9802${text.slice(2)}`,
      'byte string head of three bytes': `82590040${text.slice(6)}`,
      'eight-byte head': `9b0000000000000002${text.slice(2)}`,
      'tagged envelope': `d9d9f7${text}`,
    };
    for (const [name, variant] of Object.entries(variants)) {
      expect(decodeCode(hex(variant)), name).toBe('MALFORMED');
    }
  });

  it('refuses duplicate and unordered keys', () => {
    const map = (entries: string) => hex(`${text.slice(0, headEnd)}${entries}`);
    const h = '6168483401ed01ed011371';
    const rest = text.slice(headEnd + 2 + h.length);
    expect(decodeCode(map(`a2${h}${rest}`))).toBe('ACCEPTED');
    expect(decodeCode(map(`a3${h}${h}${rest}`))).toBe('MALFORMED');
    expect(decodeCode(map(`a2${rest}${h}`))).toBe('MALFORMED');
  });

  it('refuses what is not of the IPLD data model', () => {
    const inMeta = (value: string) => {
      const bytes = Buffer.from(altered((payload) => (payload['meta'] = { z: 'MARK' })));
      return hex(bytes.toString('hex').replace('644d41524b', value));
    };
    expect(decodeCode(inMeta('644d41524b'))).toBe('ACCEPTED');
    expect(decodeCode(inMeta('fb3ff0000000000000'))).toBe('ACCEPTED');
    const refused = {
      undefined: 'f7',
      'simple value': 'f820',
      'half float': 'f93c00',
      'single float': 'fa3f800000',
      NaN: 'fb7ff8000000000000',
      Infinity: 'fb7ff0000000000000',
      'tag 0': 'c06130',
      'tag 42 of text': 'd82a6130',
      'tag 42 without zero': 'd82a4101',
      'invalid UTF-8': '62c328',
      'a number as key': 'a10102',
      'a longer integer than needed': '1801',
      'a list that claims two to the 32': '9affffffff',
    };
    for (const [name, value] of Object.entries(refused)) {
      expect(decodeCode(inMeta(value)), name).toBe('MALFORMED');
    }
  });

  it('refuses another member beside the payload', () => {
    const more = (key: string) => {
      const signed = { h: hex('3401ed01ed011371'), 'ucan/dlg@1.0.0-rc.1': {}, [key]: 1 };
      return decodeCode(encode([new Uint8Array(64), signed]));
    };
    expect(more('x')).toBe('MALFORMED');
    expect(more('ucan/inv@1.0.0-rc.1')).toBe('MALFORMED');
    const bytes = Buffer.from(good).toString('hex');
    const extended = `${bytes.slice(0, headEnd)}a3${bytes.slice(headEnd + 2, headEnd + 24)}617801`;
    // Key order: h, x, then the longer tag.
    expect(decodeCode(hex(extended + bytes.slice(headEnd + 24)))).toBe('MALFORMED');
  });

  it('refuses nesting beyond 64 levels', () => {
    const nested = (levels: number): unknown => (levels === 0 ? 0 : [nested(levels - 1)]);
    const inMeta = (levels: number) => altered((p) => (p['meta'] = { deep: nested(levels) }));
    expect(decodeCode(inMeta(60))).toBe('ACCEPTED');
    expect(decodeCode(inMeta(61))).toBe('MALFORMED');
  });

  it('refuses nesting deep enough to exhaust a stack', () => {
    expect(decodeCode(Uint8Array.of(...new Uint8Array(60_000).fill(0x81), 0))).toBe('MALFORMED');
    expect(decodeCode(Uint8Array.of(...new Uint8Array(1_000).fill(0xd8)))).toBe('MALFORMED');
  });
});

describe('the payload', () => {
  const cases: Record<string, (payload: Record<string, unknown>) => void> = {
    'without iss': (p) => delete p['iss'],
    'without aud': (p) => delete p['aud'],
    'without cmd': (p) => delete p['cmd'],
    'without pol': (p) => delete p['pol'],
    'without nonce': (p) => delete p['nonce'],
    'without exp': (p) => delete p['exp'],
    'with an unknown member': (p) => (p['fct'] = {}),
    'with a member named as what objects inherit': (p) => (p['constructor'] = {}),
    'with an iss that is no DID': (p) => (p['iss'] = 'alice'),
    'with a DID that holds a path': (p) => (p['aud'] = 'did:web:example.com/a'),
    'with a sub that is no DID': (p) => (p['sub'] = 5),
    'with a command without a slash': (p) => (p['cmd'] = 'a'),
    'with a command that ends in a slash': (p) => (p['cmd'] = '/a/'),
    'with an empty segment': (p) => (p['cmd'] = '/a//b'),
    'with a command in upper case': (p) => (p['cmd'] = '/A'),
    'with a space in the command': (p) => (p['cmd'] = '/a b'),
    'with a fraction of a second': (p) => (p['exp'] = 1.5),
    'with an expiry beyond 53 bits': (p) => (p['exp'] = 2 ** 60),
    'with nbf null': (p) => (p['nbf'] = null),
    'with a nonce that is text': (p) => (p['nonce'] = 'abc'),
    'with a long nonce': (p) => (p['nonce'] = new Uint8Array(257)),
    'with meta that is a list': (p) => (p['meta'] = []),
    'with a bad policy': (p) => (p['pol'] = [['==', 'a', 1]]),
  };
  for (const [name, change] of Object.entries(cases)) {
    it(`${name} is refused`, () => {
      expect(decodeCode(altered(change))).toBe('MALFORMED');
    });
  }

  it('may have exp null, no sub, and commands in other scripts', () => {
    expect(decodeCode(altered((p) => delete p['sub']))).toBe('ACCEPTED');
    expect(decodeCode(altered((p) => (p['cmd'] = '/ほげ/ふが')))).toBe('ACCEPTED');
  });

  const budgets: Record<string, unknown> = {
    'of a number': { unit: 'rUv', total: 20 },
    'with a sign': { unit: 'rUv', total: '-1' },
    'with an exponent': { unit: 'rUv', total: '1e3' },
    'with leading zeros': { unit: 'rUv', total: '01' },
    'without a unit': { total: '1' },
    'that limits nothing': { unit: 'rUv' },
    'with another member': { unit: 'rUv', total: '1', max: '2' },
    'that is text': '20 rUv',
    'that is null': null,
  };
  for (const [name, budget] of Object.entries(budgets)) {
    it(`with a budget ${name} is refused, and is not issued`, () => {
      const meta = { 'q/budget': budget };
      expect(decodeCode(altered((p) => (p['meta'] = meta)))).toBe('MALFORMED');
      expect(codeOf(() => token(alice, bob, { meta }))).toBe('MALFORMED');
    });
  }

  it('under another varsig header is refused', () => {
    for (const header of ['3401ed01ed0113', '3401ed01ed01137129', '3400ed01ed011371', '']) {
      expect(decodeCode(altered(() => {}, hex(header)))).toBe('MALFORMED');
    }
  });
});

describe('signatures', () => {
  const did = 'did:webvh:QmHybrid:example.com';
  const hybrid = hybridPerson(7, did);
  const publicKeys = {
    ed25519: createPublicKey(hybrid.ed25519),
    mldsa65: createPublicKey(hybrid.mldsa65),
  };
  const keysOf: KeysOf = (asked) => (asked === did ? publicKeys : undefined);
  const both = token(hybrid, bob, { sub: did }, 'ed25519+mldsa65');
  const verifyCode = (bytes: Uint8Array, keys: KeysOf) =>
    codeOf(() => verifySignature(decodeDelegation(bytes), keys));

  it('of both kinds must both verify', () => {
    expect(decodeDelegation(both).signature).toHaveLength(64 + 3309);
    expect(verifyCode(both, keysOf)).toBe('ACCEPTED');
    const signatureAt = 4;
    for (const at of [0, 63, 64, 64 + 3308]) {
      const bad = Uint8Array.from(both);
      bad[signatureAt + at] = (bad[signatureAt + at] ?? 0) ^ 1;
      expect(verifyCode(bad, keysOf), `byte ${at}`).toBe('BAD_SIGNATURE');
    }
  });

  it('of both kinds need both keys', () => {
    const { ed25519, mldsa65 } = publicKeys;
    expect(verifyCode(both, () => ({ ed25519 }))).toBe('BAD_SIGNATURE');
    expect(verifyCode(both, () => ({ ed25519: mldsa65, mldsa65 }))).toBe('BAD_SIGNATURE');
    expect(verifyCode(both, () => ({ ed25519, mldsa65: ed25519 }))).toBe('BAD_SIGNATURE');
    expect(verifyCode(both, nobody)).toBe('BAD_SIGNATURE');
  });

  it('of ML-DSA made for another context are refused', () => {
    const { signedBytes } = decodeDelegation(both);
    const classical = sign(null, signedBytes, hybrid.ed25519);
    const payload = decodeDelegation(both);
    const { iss, aud, sub, cmd, pol, nonce, exp } = payload;
    const prepared = prepareDelegation({ iss, aud, sub, cmd, pol, nonce, exp }, 'ed25519+mldsa65');
    expect(prepared.signedBytes).toEqual(signedBytes);
    const other = sign(null, signedBytes, { key: hybrid.mldsa65, context: Buffer.from('other') });
    const sealed = prepared.seal(Buffer.concat([classical, other]));
    expect(verifyCode(sealed, keysOf)).toBe('BAD_SIGNATURE');
  });

  it('cannot be stripped to the half that a quantum computer breaks', () => {
    const { iss, aud, sub, cmd, pol, nonce, exp, signature } = decodeDelegation(both);
    const prepared = prepareDelegation({ iss, aud, sub, cmd, pol, nonce, exp }, 'ed25519');
    const stripped = prepared.seal(signature.subarray(0, 64));
    expect(verifyCode(stripped, keysOf)).toBe('BAD_SIGNATURE');
    const classicalOnly = token(hybrid, bob, { sub: did });
    expect(verifyCode(classicalOnly, keysOf)).toBe('ACCEPTED');
    const strict: KeysOf = () => ({ ...publicKeys, hybridOnly: true });
    expect(verifyCode(classicalOnly, strict)).toBe('BAD_SIGNATURE');
  });

  it('of a did:key are judged by that key, whatever a directory says', () => {
    const lying: KeysOf = () => ({ ed25519: createPublicKey(bob.ed25519) });
    expect(verifyCode(token(alice, bob), lying)).toBe('ACCEPTED');
    expect(verifyCode(token({ ...bob, did: alice.did }, bob), lying)).toBe('BAD_SIGNATURE');
  });

  it('of a did:key that is not an Ed25519 key in canonical form are refused', () => {
    const raw = base58btc.decode(alice.did.slice('did:key:'.length));
    expect(ed25519OfDidKey(alice.did)?.asymmetricKeyType).toBe('ed25519');
    const otherCodec = base58btc.encode(Uint8Array.of(0xed, 0x02, ...new Uint8Array(32)));
    const tooShort = base58btc.encode(raw.subarray(0, 33));
    expect(otherCodec.startsWith('z6Mk')).toBe(true);
    for (const key of [otherCodec, tooShort, 'z6Mk', `${alice.did.slice(8)}1`, 'z6Mk0OIl']) {
      expect(ed25519OfDidKey(`did:key:${key}`)).toBeUndefined();
      const impostor = { ...alice, did: `did:key:${key}` };
      expect(verifyCode(token(impostor, bob), nobody)).toBe('BAD_SIGNATURE');
    }
  });

  it('of the wrong length are not sealed', () => {
    const { iss, aud, sub, cmd, pol, nonce, exp } = decodeDelegation(both);
    const prepared = prepareDelegation({ iss, aud, sub, cmd, pol, nonce, exp }, 'ed25519');
    expect(codeOf(() => prepared.seal(new Uint8Array(63)))).toBe('BAD_SIGNATURE');
  });
});
