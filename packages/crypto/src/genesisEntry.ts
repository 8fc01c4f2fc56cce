import { CryptoError } from './errors.ts';
import { isInstant } from './instant.ts';
import type { IdentityAlgorithm, Multikeys, PublicKeys } from './publicKeys.ts';
import { decodeMultikey } from './publicKeys.ts';

/** What an identity stands for. */
export type IdentityKind = 'person' | 'organisation' | 'agent' | 'module' | 'node';

/** Everything a genesis document says; the rest of it follows from these. */
export interface GenesisContent {
  readonly keys: PublicKeys;
  readonly nextKeyHash: string;
  readonly kind: IdentityKind;
  readonly controller?: string | undefined;
  readonly createdAt: string;
}

/** A genesis document: plain JSON, to be kept and passed on as it is. */
export type GenesisDocument = ReturnType<typeof genesisEntry> & {
  /** Proof of possession: base64url of a hybrid signature over the canonical JSON of the rest. */
  readonly proof: { readonly hybrid: string };
};

const KINDS: ReadonlySet<string> = new Set<IdentityKind>([
  'person',
  'organisation',
  'agent',
  'module',
  'node',
]);
/** base58btc of 0x12 0x20 and 32 bytes: 46 characters, and always the same first two. */
const MULTIHASH = /^Qm[1-9A-HJ-NP-Za-km-z]{44}$/;
/** DID syntax (W3C DID Core), bounded. */
const DID = /^did:[a-z0-9]{1,32}:[A-Za-z0-9._:%-]{1,256}$/;

/**
 * The document without its proof, for one id: the only place that knows its members.
 * @param multikeys the keys of the content as `multikeysOf` writes them
 */
export function genesisEntry(
  content: GenesisContent,
  multikeys: Multikeys,
  ids: { readonly scid: string; readonly versionId: string },
) {
  const { nextKeyHash, kind, controller, createdAt } = content;
  const did = `did:squid:${ids.scid}`;
  const method = (algorithm: IdentityAlgorithm) => ({
    id: `${did}#${algorithm}`,
    type: 'Multikey',
    controller: did,
    publicKeyMultibase: multikeys[algorithm],
  });
  const signing = [`${did}#ed25519`, `${did}#mldsa65`];
  return {
    versionId: ids.versionId,
    versionTime: createdAt,
    parameters: {
      method: 'did:squid:1.0',
      scid: ids.scid,
      updateKeys: [multikeys.ed25519, multikeys.mldsa65],
      nextKeyHashes: [nextKeyHash],
    },
    state: {
      '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'],
      id: did,
      kind,
      ...(controller === undefined ? {} : { controller }),
      verificationMethod: [
        method('ed25519'),
        method('mldsa65'),
        method('x25519'),
        method('mlkem768'),
      ],
      authentication: signing,
      assertionMethod: signing,
      capabilityInvocation: signing,
      capabilityDelegation: signing,
      keyAgreement: [`${did}#x25519`, `${did}#mlkem768`],
    },
  };
}

/**
 * Takes the content out of a document that somebody presents, and checks the format of each part.
 * That nothing else stands in the document is for the caller to check, by building it again.
 * Throws `MALFORMED`.
 */
export function readGenesis(document: unknown): GenesisContent & {
  /** The keys as they stand there: a key has one Multikey. */
  readonly multikeys: Multikeys;
  readonly proof: string;
} {
  const state = member(document, 'state');
  const kind = text(member(state, 'kind'), 'kind');
  if (!isKind(kind)) throw malformed(`kind: expected one of ${[...KINDS].join(', ')}`);
  const controller = member(state, 'controller');
  const nextKeyHashes = member(member(document, 'parameters'), 'nextKeyHashes');
  const createdAt = text(member(document, 'versionTime'), 'versionTime');
  if (!isInstant(createdAt))
    throw malformed('versionTime: expected an instant in UTC, ending in Z');
  return {
    ...readKeys(member(state, 'verificationMethod')),
    nextKeyHash: matching(member(nextKeyHashes, '0'), MULTIHASH, 'nextKeyHashes: a multihash'),
    kind,
    ...(controller === undefined
      ? {}
      : { controller: matching(controller, DID, 'controller: a DID') }),
    createdAt,
    proof: text(member(member(document, 'proof'), 'hybrid'), 'proof.hybrid'),
  };
}

function readKeys(methods: unknown): { keys: PublicKeys; multikeys: Multikeys } {
  const read = (index: number, algorithm: IdentityAlgorithm) => {
    const multibase = member(member(methods, String(index)), 'publicKeyMultibase');
    const multikey = text(multibase, 'publicKeyMultibase');
    const decoded = decodeMultikey(multikey);
    if (decoded.algorithm !== algorithm) {
      throw malformed(`verificationMethod ${index}: expected a key for ${algorithm}`);
    }
    return { multikey, key: decoded.publicKey };
  };
  const [ed25519, mldsa65] = [read(0, 'ed25519'), read(1, 'mldsa65')];
  const [x25519, mlkem768] = [read(2, 'x25519'), read(3, 'mlkem768')];
  return {
    keys: {
      ed25519: ed25519.key,
      mldsa65: mldsa65.key,
      x25519: x25519.key,
      mlkem768: mlkem768.key,
    },
    multikeys: {
      ed25519: ed25519.multikey,
      mldsa65: mldsa65.multikey,
      x25519: x25519.multikey,
      mlkem768: mlkem768.multikey,
    },
  };
}

/** An own member of an object or array; undefined where there is none. */
function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}

function text(value: unknown, name: string): string {
  if (typeof value !== 'string') throw malformed(`${name}: expected a text`);
  return value;
}

function matching(value: unknown, pattern: RegExp, expected: string): string {
  if (typeof value !== 'string' || !pattern.test(value)) throw malformed(`expected ${expected}`);
  return value;
}

function isKind(kind: string): kind is IdentityKind {
  return KINDS.has(kind);
}

function malformed(what: string): CryptoError {
  return new CryptoError('MALFORMED', `not a genesis document: ${what}`);
}
