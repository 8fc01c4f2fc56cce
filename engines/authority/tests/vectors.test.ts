import { encode } from '@ipld/dag-cbor';
import { createHash, sign, verify } from 'node:crypto';
import { base58btc } from 'multiformats/bases/base58';
import { describe, expect, it } from 'vitest';
import {
  cidOf,
  compileChain,
  compileGlob,
  decodeDelegation,
  ed25519OfDidKey,
  normaliseCid,
  parseSelector,
  prepareDelegation,
  select,
  UNRESOLVED,
  verifySignature,
} from '../src/index.ts';
import { codeOf, nobody, personFromSeed } from './builders.ts';
import { fromDagJson, haveVectors, vectorBytes, vectorJson } from './vectors.ts';

/** After the expired tokens of the vectors ended, before their inactive ones begin. */
const NOW_S = 1_780_000_000;
const NAMES = ['Alice', 'Bob', 'Carol', 'Dan', 'Erin', 'Frank'];

interface Interop {
  principals: Record<string, string>;
  valid: {
    name: string;
    token: string;
    cid: string;
    envelope: {
      payload: {
        iss: string;
        aud: string;
        sub: string;
        cmd: string;
        exp: number;
        nonce: string;
      };
      signature: string;
    };
  }[];
}

function fixture(name: string) {
  return decodeDelegation(vectorBytes(`delegation/${name}.dagcbor`));
}

/** The chain from Alice to the audience of the last link, which is replaced by a variation. */
function chainWith(last: string) {
  const link = /^Token([A-Z][a-z]+)([A-Z][a-z]+)/.exec(last);
  const length = NAMES.indexOf(link?.[2] ?? '');
  const names = NAMES.slice(0, length).map((from, i) => `Token${from}${NAMES[i + 1] ?? ''}`);
  return [...names.slice(0, -1), last].map(fixture).toReversed();
}

const EXPECTED: Record<string, string> = {
  InvalidExpandedCommand: 'OVER_BROAD',
  InvalidSubject: 'WRONG_SUBJECT',
  InvalidExpired: 'EXPIRED',
  InvalidInactive: 'NOT_YET_VALID',
  ValidExamplePolicy: 'ACCEPTED',
};

describe.skipIf(!haveVectors)('the tokens of the reference implementation', () => {
  const cids = haveVectors
    ? vectorJson<{ tokens: Record<string, string> }>('delegation/cids.json').tokens
    : {};

  it('are all here', () => {
    expect(Object.keys(cids)).toHaveLength(17);
  });

  for (const [name, cid] of Object.entries(cids)) {
    it(`${name} has the CID and the signature that were published`, () => {
      const read = fixture(name);
      expect(read.cid).toBe(cid);
      expect(() => verifySignature(read, nobody)).not.toThrow();
    });

    const expected = EXPECTED[name.split('_')[1] ?? ''] ?? 'ACCEPTED';
    it(`a chain that ends in ${name} is ${expected}`, () => {
      const context = { now_s: NOW_S, keysOf: nobody };
      expect(codeOf(() => compileChain(chainWith(name), context))).toBe(expected);
    });
  }

  it('an invalid link breaks a longer chain too', () => {
    for (const variation of Object.keys(cids).filter((name) => name.includes('Invalid'))) {
      const full = chainWith('TokenErinFrank');
      const invalid = fixture(variation);
      const chain = full.map((link) => (link.iss === invalid.iss ? invalid : link));
      const context = { now_s: NOW_S, keysOf: nobody };
      expect(codeOf(() => compileChain(chain, context))).toBe(
        EXPECTED[variation.split('_')[1] ?? ''],
      );
    }
  });

  it('the example policy admits what its specification admits', () => {
    const grant = compileChain(chainWith('TokenErinFrank_ValidExamplePolicy'), {
      now_s: NOW_S,
      keysOf: nobody,
    });
    const request = (args: Record<string, unknown>) =>
      grant.check({
        command: '/expanded/nominal/read',
        audience: grant.audience,
        subject: grant.subject,
        now_s: NOW_S,
        args,
      });
    const from = 'alice@example.com';
    expect(request({ from, to: ['bob@example.com', 'carol@elsewhere.example.com'] }).allow).toBe(
      true,
    );
    expect(request({ from, to: ['carol@elsewhere.example.org'] })).toMatchObject({
      allow: false,
      code: 'POLICY',
      why: { issuer: grant.links[0]?.iss, limit: { statement: '/1', selector: '.to' } },
    });
    expect(request({ from, to: [] }).allow).toBe(false);
    expect(request({ to: ['bob@example.com'] }).allow).toBe(false);
  });
});

describe.skipIf(!haveVectors)('the token for interoperability', () => {
  const interop = haveVectors
    ? vectorJson<Interop>('delegation/testdata/interop_delegation.json')
    : { principals: {}, valid: [] };

  for (const { name, token, cid, envelope } of interop.valid) {
    const bytes = Uint8Array.from(Buffer.from(token, 'base64'));
    const { payload } = envelope;

    it(`${name} is read as published`, () => {
      const read = decodeDelegation(bytes);
      expect(read).toMatchObject({
        cid,
        iss: payload.iss,
        aud: payload.aud,
        sub: payload.sub,
        cmd: payload.cmd,
        pol: [],
        exp: payload.exp,
        meta: {},
        algorithm: 'ed25519',
      });
      expect(Buffer.from(read.nonce).toString('base64')).toBe(payload.nonce);
      expect(Buffer.from(read.signature).toString('base64')).toBe(envelope.signature);
      expect(() => verifySignature(read, nobody)).not.toThrow();
    });

    it(`${name} comes out byte for byte when it is issued here`, () => {
      const seed = Buffer.from(interop.principals['bob'] ?? '', 'base64').subarray(2);
      const bob = personFromSeed(seed);
      expect(bob.did).toBe(payload.iss);
      const nonce = Uint8Array.from(Buffer.from(payload.nonce, 'base64'));
      const { iss, aud, sub, cmd, exp } = payload;
      const prepared = prepareDelegation({ iss, aud, sub, cmd, exp, nonce, pol: [] }, 'ed25519');
      const sealed = prepared.seal(sign(null, prepared.signedBytes, bob.ed25519));
      expect(Buffer.from(sealed).toString('base64')).toBe(token);
      expect(cidOf(sealed)).toBe(cid);
    });
  }

  it('a CID in base58btc is the same CID', () => {
    const bytes = vectorBytes('delegation/TokenAliceBob.dagcbor');
    const digest = createHash('sha256').update(bytes).digest();
    const zdpu = base58btc.encode(Buffer.concat([Buffer.from('01711220', 'hex'), digest]));
    expect(zdpu.startsWith('zdpu')).toBe(true);
    expect(normaliseCid(zdpu)).toBe(cidOf(bytes));
    expect(codeOf(() => normaliseCid(`${zdpu}a`))).toBe('MALFORMED');
  });
});

describe.skipIf(!haveVectors)('envelopes of the reference implementation', () => {
  for (const name of ['new', 'root', 'powerline']) {
    it(`${name}.dagjson is a delegation once it is DAG-CBOR`, () => {
      const value = fromDagJson(vectorJson(`delegation/testdata/${name}.dagjson`));
      const read = decodeDelegation(encode(value));
      expect(() => verifySignature(read, nobody)).not.toThrow();
      expect(read.meta).toEqual({ foo: 'fooo', bar: 'barr' });
      expect(read.pol).toHaveLength(3);
      if (name === 'powerline') expect(read.sub).toBeNull();
    });
  }

  it('the example envelope is canonical and signed, and is not a delegation', () => {
    const bytes = vectorBytes('internal/envelope/testdata/example.dagcbor');
    const value = fromDagJson(vectorJson('internal/envelope/testdata/example.dagjson'));
    expect(Buffer.from(encode(value)).equals(bytes)).toBe(true);
    const [signature, payload] = value as [
      Uint8Array,
      Record<string, { iss: string }> & { h: Uint8Array },
    ];
    const key = ed25519OfDidKey(payload['ucan/example@v1.0.0-rc.1']?.iss ?? '');
    expect(key !== undefined && verify(null, encode(payload), key, signature)).toBe(true);
    expect(codeOf(() => decodeDelegation(bytes))).toBe('MALFORMED');
  });

  it('an invocation is refused as a delegation', () => {
    const value = fromDagJson(vectorJson('invocation/testdata/new.dagjson'));
    expect(codeOf(() => decodeDelegation(encode(value)))).toBe('MALFORMED');
  });
});

describe.skipIf(!haveVectors)('selectors of the reference implementation', () => {
  interface SelectorCase {
    name: string;
    selector: string;
    inputDagJson: string;
    expect: 'value' | 'null' | 'error';
    outputDagJson: string | null;
  }
  const { cases } = haveVectors
    ? vectorJson<{ cases: SelectorCase[] }>('policy/selectors.json')
    : { cases: [] };
  for (const [i, one] of cases.entries()) {
    it(`${i}: ${one.name} ${one.selector} of ${one.inputDagJson} is ${one.expect}`, () => {
      const input = fromDagJson(JSON.parse(one.inputDagJson));
      const found = select(parseSelector(one.selector), input);
      if (one.expect === 'error') expect(found).toBe(UNRESOLVED);
      else if (one.expect === 'null') expect(found).toBeNull();
      else expect(found).toEqual(fromDagJson(JSON.parse(one.outputDagJson ?? 'null')));
    });
  }
});

describe.skipIf(!haveVectors)('globs of the reference implementation', () => {
  const { cases } = haveVectors
    ? vectorJson<{ cases: { pattern: string; string: string; matches: boolean }[] }>(
        'policy/globs.json',
      )
    : { cases: [] };
  for (const { pattern, string, matches } of cases) {
    it(`${JSON.stringify(pattern)} ${matches ? 'matches' : 'refuses'} ${string}`, () => {
      expect(compileGlob(pattern)(string)).toBe(matches);
    });
  }
});
