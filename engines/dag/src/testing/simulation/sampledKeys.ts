import type { Verify } from '../../checkpoint.ts';
import { digestOf, hexOf } from '../../hash.ts';
import { IdealKeys, secretOf, type SimKeys } from './keys.ts';
import { SimRandom } from './random.ts';

/** An algorithm for signatures. Whoever simulates hands it in: an engine has none of its own. */
export interface SignatureScheme {
  /** A key pair that follows from 32 bytes, and from nothing else. */
  keyPair(seed: Uint8Array): SchemeKey;
  /** False, and no exception, for whatever does not hold. */
  readonly verify: Verify;
}

export interface SchemeKey {
  readonly publicKey: Uint8Array;
  /** May give other bytes each time. */
  sign(message: Uint8Array): Uint8Array;
}

export interface Sampling {
  readonly scheme: SignatureScheme;
  /** The share of all checks that are done with the scheme, too. */
  readonly share: number;
}

/** What a run with sampled signatures did. */
export interface SampledCounts {
  readonly share: number;
  /** Checks of signatures by nodes, and by what watches over them. */
  readonly checked: number;
  /** Of them with the scheme. */
  readonly verified: number;
  /** Of those, checks that found a forgery. */
  readonly forged: number;
  /** Signatures made with the scheme: those that one of these checks came to. */
  readonly signed: number;
}

interface Signed {
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
}

const DISAGREEMENTS_MAX = 10;

/**
 * Real key pairs, and a share of all checks by a real algorithm beside the ideal one; where the two disagree, the run
 * says so. What nodes send each other is the name of a signature, by which the real one is found, for an algorithm
 * that draws randomness would give another run each time: blocks, whose digests all else follows from, hold signatures.
 */
export class SampledKeys implements SimKeys {
  readonly disagreements: string[] = [];
  readonly #ideal = new IdealKeys();
  readonly #scheme: SignatureScheme;
  readonly #share: number;
  readonly #random: SimRandom;
  readonly #pairs = new Map<string, SchemeKey>();
  /** By the name of a signature: what it is over. */
  readonly #signed = new Map<string, Signed>();
  /** By name, the same under which others see it. */
  readonly #made = new Map<string, Uint8Array>();
  #checked = 0;
  #verified = 0;
  #forged = 0;
  #signatures = 0;

  /** @param seed of the sampling alone: a run is the same whatever is sampled */
  constructor({ scheme, share }: Sampling, seed: number) {
    this.#scheme = scheme;
    this.#share = share;
    this.#random = new SimRandom(seed);
  }

  get counts(): SampledCounts {
    return {
      share: this.#share,
      checked: this.#checked,
      verified: this.#verified,
      forged: this.#forged,
      signed: this.#signatures,
    };
  }

  make(name: string): Uint8Array {
    const secret = secretOf(name);
    const pair = this.#scheme.keyPair(secret);
    this.#pairs.set(hexOf(pair.publicKey), pair);
    this.#ideal.own(pair.publicKey, secret);
    return pair.publicKey;
  }

  sign(publicKey: Uint8Array, message: Uint8Array): Uint8Array {
    const name = this.#ideal.sign(publicKey, message);
    this.#signed.set(hexOf(name), { publicKey, message });
    return name;
  }

  readonly verify: Verify = (publicKey, message, signature) => {
    const expected = this.#ideal.verify(publicKey, message, signature);
    this.#checked += 1;
    if (!this.#random.chance(this.#share)) return expected;
    this.#verified += 1;
    const holds = this.#scheme.verify(publicKey, message, this.#bytesOf(publicKey, signature));
    if (!holds) this.#forged += 1;
    if (holds !== expected && this.disagreements.length < DISAGREEMENTS_MAX)
      this.disagreements.push(
        holds
          ? 'a signature that its owner never made holds for the algorithm'
          : 'a signature that its owner made does not hold for the algorithm',
      );
    return holds;
  };

  /** The bytes behind a name. Where nobody signed under it, those of the same key over something else. */
  #bytesOf(publicKey: Uint8Array, signature: Uint8Array): Uint8Array {
    const name = hexOf(signature);
    const made = this.#made.get(name);
    if (made !== undefined) return made;
    const signed = this.#signed.get(name) ?? {
      publicKey,
      message: digestOf('sim-forged', signature),
    };
    const pair = this.#pairs.get(hexOf(signed.publicKey));
    if (pair === undefined) return signature;
    this.#signatures += 1;
    const bytes = pair.sign(signed.message);
    this.#made.set(name, bytes);
    return bytes;
  }
}
