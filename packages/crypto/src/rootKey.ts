import { createHmac } from 'node:crypto';
import { concatBytes, equalBytes, fromBase64url, toBase64url, utf8 } from './bytes.ts';
import { deriveSecret, generateSeed, SEED_LENGTH } from './derive.ts';
import { CryptoError } from './errors.ts';

/** The secret a node's own keys, and the keys of what it seals, derive from. */
export interface RootKey {
  /** 64 bytes. */
  readonly seed: Uint8Array;
  /** The keys that were in force before it, the first one first; absent where there were none. */
  readonly earlier?: readonly EarlierKey[];
  /** What names are found again with, by purpose, once the first key was forgotten. */
  readonly names?: Readonly<Record<string, Uint8Array>>;
}

/** Why a root key was changed. After a theft, what stood on it ends. */
export type RotationReason = 'planned' | 'stolen';

/** A root key that is in force no more. */
export interface EarlierKey {
  /** Still there while something may be sealed under it. */
  readonly seed?: Uint8Array;
  /** ISO 8601. */
  readonly retiredAt: string;
  readonly reason: RotationReason;
}

/** Purposes under whose keys names are found again: they stay those of the first key for good. */
const NAME_PURPOSES = ['identity-name', 'log-party', 'qonsent-ask'];
/** One byte in front of what is sealed tells the key: 1 is the first. */
const EARLIER_MAX = 254;
const TYPE = 'q.root-key.v1';
const MAC_LENGTH = 32;

/** What the file of a root key may have. */
export const ROOT_KEY_BYTES_MAX = 65_536;

/** How many keys were in force before this one. */
export const epochOf = ({ earlier = [] }: RootKey): number => earlier.length;

/** A key that comes after another, with a fresh seed. @throws CryptoError `MALFORMED` at the limit */
export function rotatedKey(
  before: RootKey,
  why: { readonly retiredAt: string; readonly reason: RotationReason },
): RootKey {
  const { seed, earlier = [], names } = before;
  if (earlier.length >= EARLIER_MAX)
    throw new CryptoError('MALFORMED', `a root key is changed ${EARLIER_MAX} times at most`);
  return {
    seed: generateSeed(),
    earlier: [...earlier, { seed, ...why }],
    ...(names === undefined ? {} : { names }),
  };
}

/** The key without the seeds of those before it; names stay what they are. */
export function forgetEarlier(key: RootKey): RootKey {
  const { seed, earlier = [] } = key;
  if (earlier.length === 0) return key;
  return {
    seed,
    earlier: earlier.map(({ retiredAt, reason }) => ({ retiredAt, reason })),
    names: Object.fromEntries(NAME_PURPOSES.map((purpose) => [purpose, nameKeyOf(key, purpose)])),
  };
}

/**
 * The key names of a purpose are found with: always that of the first root key, so that a name
 * stays findable, and unique, over all changes. Throws `MALFORMED` on a purpose that was never one.
 */
export function nameKeyOf({ seed, earlier = [], names }: RootKey, purpose: string): Uint8Array {
  const kept = names?.[purpose];
  if (kept !== undefined) return kept;
  const first = earlier.length === 0 ? seed : earlier[0]?.seed;
  if (first === undefined || !NAME_PURPOSES.includes(purpose))
    throw new CryptoError('MALFORMED', `there is no key for names of the purpose ${purpose}`);
  return deriveSecret(first, `mac|${purpose}`);
}

interface Written {
  readonly type: typeof TYPE;
  readonly earlier: readonly {
    readonly seed?: string;
    readonly retiredAt: string;
    readonly reason: RotationReason;
  }[];
  readonly names?: Readonly<Record<string, string>>;
}

/** The bytes of a key's file: the seed; and, once it was changed, a MAC and JSON of what came before. */
export function encodeRootKey({ seed, earlier = [], names }: RootKey): Uint8Array {
  if (earlier.length === 0) return seed;
  const written: Written = {
    type: TYPE,
    earlier: earlier.map(({ seed: old, retiredAt, reason }) => ({
      ...(old === undefined ? {} : { seed: toBase64url(old) }),
      retiredAt,
      reason,
    })),
    ...(names === undefined
      ? {}
      : {
          names: Object.fromEntries(
            Object.entries(names).map(([purpose, key]) => [purpose, toBase64url(key)]),
          ),
        }),
  };
  const text = utf8(JSON.stringify(written));
  return concatBytes(seed, macOf(seed, text), text);
}

/** The key in a file's bytes; undefined where they are none, or only a part of one. */
export function decodeRootKey(bytes: Uint8Array): RootKey | undefined {
  const seed = bytes.slice(0, SEED_LENGTH);
  if (seed.byteLength !== SEED_LENGTH || seed.every((byte) => byte === 0)) return undefined;
  if (bytes.byteLength === SEED_LENGTH) return { seed };
  const text = bytes.slice(SEED_LENGTH + MAC_LENGTH);
  const mac = bytes.slice(SEED_LENGTH, SEED_LENGTH + MAC_LENGTH);
  if (bytes.byteLength > ROOT_KEY_BYTES_MAX || !equalBytes(mac, macOf(seed, text)))
    return undefined;
  // What carries the MAC was written by `encodeRootKey`.
  const { earlier, names } = JSON.parse(new TextDecoder().decode(text)) as Written;
  return {
    seed,
    earlier: earlier.map(({ seed: old, ...rest }) => ({
      ...rest,
      ...(old === undefined ? {} : { seed: fromBase64url(old) }),
    })),
    ...(names === undefined
      ? {}
      : {
          names: Object.fromEntries(
            Object.entries(names).map(([purpose, key]) => [purpose, fromBase64url(key)]),
          ),
        }),
  };
}

const macOf = (seed: Uint8Array, text: Uint8Array): Uint8Array =>
  new Uint8Array(createHmac('sha256', deriveSecret(seed, 'root-key-file')).update(text).digest());
