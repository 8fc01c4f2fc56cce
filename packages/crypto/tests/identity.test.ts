import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GenesisDocument, PublicKeys } from '../src/index.ts';
import {
  canonicalJson,
  createGenesis,
  CryptoError,
  deriveKeys,
  nextKeyHashOf,
  publicKeysOf,
  sha256,
  signHybrid,
  toBase58btc,
  toBase64url,
  utf8,
  verifyGenesis,
} from '../src/index.ts';

const seed = Uint8Array.from({ length: 64 }, (_, index) => index);
const privateKeys = deriveKeys(seed);
const keys = publicKeysOf(privateKeys);
const nextKeyHash = nextKeyHashOf(publicKeysOf(deriveKeys(seed, { index: 1 })));
const options = {
  keys,
  privateKeys,
  nextKeyHash,
  kind: 'agent',
  controller: 'did:squid:QmOwner',
  createdAt: '2026-01-31T09:30:00Z',
} as const;
const { did, document } = createGenesis(options);

/** The document with its proof made again: what an attacker who holds the keys could present. */
function signedAgain(changed: Omit<GenesisDocument, 'proof'>): unknown {
  const { versionId, versionTime, parameters, state } = changed;
  const entry = { versionId, versionTime, parameters, state };
  const signature = signHybrid(privateKeys, 'q.identity.genesis', utf8(canonicalJson(entry)));
  return { ...entry, proof: { hybrid: toBase64url(signature) } };
}

/** Paths to every leaf of a JSON value. */
function leaves(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...path]];
  return Object.entries(value).flatMap(([name, child]) => leaves(child, [...path, name]));
}

/** A copy in which the value at a path went through a change. */
function changedAt(
  value: unknown,
  path: readonly string[],
  change: (leaf: unknown) => unknown,
): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return change(value);
  if (Array.isArray(value)) {
    return value.map((item, index) =>
      String(index) === name ? changedAt(item, rest, change) : item,
    );
  }
  const members = Object.entries(value ?? {});
  return Object.fromEntries(
    members.map(([key, member]) => [key, key === name ? changedAt(member, rest, change) : member]),
  );
}

describe('a genesis document', () => {
  it('founds the identity it describes', () => {
    expect(verifyGenesis(document)).toEqual({
      did,
      keys,
      kind: 'agent',
      controller: 'did:squid:QmOwner',
      nextKeyHash,
      createdAt: '2026-01-31T09:30:00Z',
    });
    expect(did).toMatch(/^did:squid:Qm[1-9A-HJ-NP-Za-km-z]{44}$/);
  });

  it('survives being written and read as JSON', () => {
    expect(verifyGenesis(JSON.parse(JSON.stringify(document))).did).toBe(did);
  });

  it('is named by the multihash of its own canonical form, with placeholders, as did:webvh says', () => {
    const { proof: _proof, ...entry } = document;
    const scid = did.slice('did:squid:'.length);
    const preliminary = JSON.parse(
      JSON.stringify({ ...entry, versionId: '{SCID}' }).replaceAll(scid, '{SCID}'),
    );
    const digest = sha256(utf8(canonicalJson(preliminary)));
    expect(toBase58btc(Uint8Array.of(0x12, 0x20, ...digest))).toBe(scid);
    const entryDigest = sha256(utf8(canonicalJson({ ...entry, versionId: scid })));
    const entryHash = toBase58btc(Uint8Array.of(0x12, 0x20, ...entryDigest));
    expect(document.versionId).toBe(`1-${entryHash}`);
  });

  it('fails when any of its values is changed', () => {
    const paths = leaves(document);
    expect(paths.length).toBe(39);
    for (const path of paths) {
      const changed = changedAt(document, path, (leaf) => `${String(leaf).slice(0, -1)}~`);
      expect(() => verifyGenesis(changed), path.join('.')).toThrow(CryptoError);
    }
  });

  it('fails when one character anywhere is changed', () => {
    const paths = leaves(document);
    fc.assert(
      fc.property(
        fc.nat({ max: paths.length - 1 }),
        fc.nat(),
        fc.constantFrom(...'aZ2~'),
        (at, where, put) => {
          const changed = changedAt(document, paths[at] ?? [], (leaf) => {
            const text = String(leaf);
            const position = where % text.length;
            return text[position] === put
              ? `${text}x`
              : text.slice(0, position) + put + text.slice(position + 1);
          });
          expect(() => verifyGenesis(changed)).toThrow(CryptoError);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('fails when a member is removed or added at any place', () => {
    const places = new Set(
      leaves(document).flatMap((path) => path.map((_, depth) => path.slice(0, depth).join('/'))),
    );
    for (const place of places) {
      const path = place === '' ? [] : place.split('/');
      const added = changedAt(document, path, (at) =>
        Array.isArray(at) ? [...at, 'extra'] : { ...Object(at), extra: true },
      );
      expect(() => verifyGenesis(added), `added at /${place}`).toThrow(CryptoError);
    }
    for (const leaf of leaves(document)) {
      const last = leaf.at(-1);
      const removed = changedAt(document, leaf.slice(0, -1), (at) =>
        Array.isArray(at)
          ? at.filter((_, index) => String(index) !== last)
          : Object.fromEntries(Object.entries(Object(at)).filter(([name]) => name !== last)),
      );
      expect(() => verifyGenesis(removed), `removed /${leaf.join('/')}`).toThrow(CryptoError);
    }
  });

  it('fails when a change is signed again by the holder of the keys: the id does not follow', () => {
    const mismatch = expect.objectContaining({ code: 'IDENTITY_MISMATCH' });
    const promoted = { ...document, state: { ...document.state, kind: 'node' as const } };
    expect(() => verifyGenesis(signedAgain(promoted))).toThrow(mismatch);
    const backdated = { ...document, versionTime: '2020-01-01T00:00:00Z' };
    expect(() => verifyGenesis(signedAgain(backdated))).toThrow(mismatch);
  });

  it('fails when somebody names keys that are not theirs', () => {
    const thief = deriveKeys(seed, { index: 7 });
    const { proof: _proof, ...entry } = document;
    const signature = signHybrid(thief, 'q.identity.genesis', utf8(canonicalJson(entry)));
    const stolen = { ...entry, proof: { hybrid: toBase64url(signature) } };
    expect(() => verifyGenesis(stolen)).toThrow(
      expect.objectContaining({ code: 'IDENTITY_MISMATCH' }),
    );
    const borrowed: PublicKeys = { ...keys, x25519: publicKeysOf(thief).x25519 };
    expect(() => createGenesis({ ...options, keys: borrowed })).toThrow(
      expect.objectContaining({ code: 'BAD_KEY' }),
    );
  });

  it('has another id for other keys, another time, kind, controller or next key', () => {
    const other = deriveKeys(seed, { index: 1 });
    const { controller: _controller, ...uncontrolled } = options;
    const dids = [
      did,
      createGenesis({ ...options, keys: publicKeysOf(other), privateKeys: other }).did,
      createGenesis({ ...options, createdAt: '2026-01-31T09:30:01Z' }).did,
      createGenesis({ ...options, kind: 'person' }).did,
      createGenesis(uncontrolled).did,
      createGenesis({ ...options, nextKeyHash: nextKeyHashOf(keys) }).did,
    ];
    expect(new Set(dids).size).toBe(dids.length);
    expect(createGenesis(options).did).toBe(did);
  });

  it.each([
    ['a day that does not exist', { ...options, createdAt: '2026-02-30T00:00:00Z' }],
    ['a local time', { ...options, createdAt: '2026-01-31T09:30:00+01:00' }],
    ['a controller that is no DID', { ...options, controller: 'https://example.org' }],
    ['a placeholder as controller', { ...options, controller: 'did:squid:{SCID}' }],
    ['a next key that is no multihash', { ...options, nextKeyHash: 'Qm' }],
  ])('is not made with %s', (_name, wrong) => {
    expect(() => createGenesis(wrong)).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'did:squid:x'],
    ['a list', []],
    ['an empty object', {}],
    ['too much', { ...document, padding: 'x'.repeat(20_000) }],
  ])('is not read from %s', (_name, value) => {
    expect(() => verifyGenesis(value)).toThrow(CryptoError);
  });
});
