import { toBase58btc } from './base58.ts';
import { equalBytes, fromBase64url, sha256, toBase64url, utf8 } from './bytes.ts';
import type { IdentityKeys } from './derive.ts';
import { CryptoError } from './errors.ts';
import type { GenesisContent, GenesisDocument, IdentityKind } from './genesisEntry.ts';
import { genesisEntry, readGenesis } from './genesisEntry.ts';
import { canonicalJson } from './jcs.ts';
import type { Multikeys, PublicKeys } from './publicKeys.ts';
import {
  encodeMultikey,
  IDENTITY_ALGORITHMS,
  importPublicKeys,
  multikeysOf,
  publicKeysOf,
} from './publicKeys.ts';
import { signHybrid, verifyHybrid } from './signature.ts';

const GENESIS_DOMAIN = 'q.identity.genesis';
/** What a genesis document may weigh as canonical JSON; one with all members has about 12,000. */
const GENESIS_LENGTH_MAX = 16_384;

/**
 * The hash an identity commits to before it uses its next keys (in did:webvh, `nextKeyHashes`):
 * base58btc multihash of the canonical JSON of the next Ed25519 and ML-DSA-65 Multikeys. did:webvh
 * hashes one Multikey; here one hash holds the pair, since one key of it is never used alone.
 */
export function nextKeyHashOf(next: Pick<PublicKeys, 'ed25519' | 'mldsa65'>): string {
  const multikeys = [
    encodeMultikey('ed25519', next.ed25519),
    encodeMultikey('mldsa65', next.mldsa65),
  ];
  return multihash(multikeys);
}

/**
 * A new identity `did:squid:<SCID>`: its id is the hash of its first document, so that it needs no
 * registry and no domain, and nobody can offer other keys under the same id.
 *
 * The document is built in the manner of the first log entry of did:webvh v1.0: SCID and entry hash
 * over the canonical JSON with `{SCID}` placeholders, `updateKeys`, `nextKeyHashes`. It differs, and
 * no did:webvh resolver will take it: the method has no domain; `updateKeys` are two keys, Ed25519
 * and ML-DSA-65, that always act together; `nextKeyHashes` has one hash of both; the proof is one
 * hybrid signature over the canonical bytes, not a Data Integrity proof (`eddsa-jcs-2022`), which
 * could not be post-quantum. `kind` is a member of our own in the DID document.
 *
 * The proof shows possession of the two signing keys; the two keys to encrypt to are only named by
 * them. Throws `BAD_KEY` where `keys` are not the public halves of `privateKeys`, `MALFORMED` on a
 * field that is not in its format.
 */
export function createGenesis(options: {
  readonly keys: PublicKeys;
  readonly privateKeys: IdentityKeys;
  /** `nextKeyHashOf` the keys that will come after these: the next index of the same seed. */
  readonly nextKeyHash: string;
  readonly kind: IdentityKind;
  /** DID of whoever controls this identity, where it is not itself. */
  readonly controller?: string | undefined;
  /** An instant in UTC, ending in `Z`. */
  readonly createdAt: string;
}): { readonly did: string; readonly document: GenesisDocument } {
  const { privateKeys, ...content } = options;
  requirePair(content.keys, privateKeys);
  const entry = buildEntry(content, multikeysOf(content.keys));
  const signature = signHybrid(privateKeys, GENESIS_DOMAIN, utf8(canonicalJson(entry)));
  const document = { ...entry, proof: { hybrid: toBase64url(signature) } };
  // What is made here is what is accepted everywhere: the formats are checked in one place.
  readGenesis(document);
  return { did: entry.state.id, document };
}

/**
 * The identity a genesis document founds. The document is rebuilt from the few things it says and
 * must be the same, member for member; then id and proof are checked. Throws `IDENTITY_MISMATCH`
 * where anything differs, `MALFORMED` or `NOT_JSON` where it is no such document at all.
 */
export function verifyGenesis(document: unknown): GenesisContent & { readonly did: string } {
  const presented = canonicalJson(document);
  if (presented.length > GENESIS_LENGTH_MAX) {
    throw new CryptoError('MALFORMED', `expected at most ${GENESIS_LENGTH_MAX} characters`);
  }
  const { proof, multikeys, ...content } = readGenesis(document);
  const entry = buildEntry(content, multikeys);
  if (canonicalJson({ ...entry, proof: { hybrid: proof } }) !== presented) {
    throw new CryptoError(
      'IDENTITY_MISMATCH',
      'the document is not the one its id was made from: a member was added, removed or changed',
    );
  }
  const bytes = utf8(canonicalJson(entry));
  const keys = importPublicKeys(content.keys);
  if (!verifyHybrid(keys, GENESIS_DOMAIN, bytes, fromBase64url(proof))) {
    throw new CryptoError('IDENTITY_MISMATCH', 'the proof was not made with the keys it names');
  }
  return { ...content, did: entry.state.id };
}

/** The entry without its proof: first with placeholders, whose hash is the id; then with the id. */
function buildEntry(content: GenesisContent, multikeys: Multikeys) {
  const placeholder = '{SCID}';
  const entryOf = (scid: string, versionId: string) =>
    genesisEntry(content, multikeys, { scid, versionId });
  const scid = multihash(entryOf(placeholder, placeholder));
  // did:webvh: the entry hash is taken with the predecessor's version id, for the first the SCID.
  const entryHash = multihash(entryOf(scid, scid));
  return entryOf(scid, `1-${entryHash}`);
}

/** base58btc of the multihash (0x12 sha2-256, 0x20 bytes) of a value's canonical JSON. */
function multihash(value: unknown): string {
  const digest = sha256(utf8(canonicalJson(value)));
  return toBase58btc(Uint8Array.of(0x12, 0x20, ...digest));
}

function requirePair(keys: PublicKeys, privateKeys: IdentityKeys): void {
  const own = publicKeysOf(privateKeys);
  if (!IDENTITY_ALGORITHMS.every((algorithm) => equalBytes(own[algorithm], keys[algorithm]))) {
    throw new CryptoError('BAD_KEY', 'the public keys are not those of the private keys');
  }
}
