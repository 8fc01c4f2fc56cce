import { digestOf, hexOf } from '../../hash.ts';
import type { Verify } from '../../checkpoint.ts';

/** Keys of a simulated world, and the signatures under them. */
export interface SimKeys {
  /** A new key pair, known by its public key. */
  make(name: string): Uint8Array;
  sign(publicKey: Uint8Array, message: Uint8Array): Uint8Array;
  readonly verify: Verify;
}

interface Checked {
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly holds: boolean;
}

/**
 * Signatures that only the owner of a key can make, as long as nobody else gets its secret: for
 * simulations, where thousands of real ones would take the time.
 */
export class IdealKeys implements SimKeys {
  readonly #secrets = new Map<string, Uint8Array>();
  /** What was found of a signature that reaches many nodes as the same object. */
  readonly #checked = new WeakMap<Uint8Array, Checked>();

  make(name: string): Uint8Array {
    const secret = secretOf(name);
    const publicKey = digestOf('sim-public', secret);
    this.own(publicKey, secret);
    return publicKey;
  }

  /** Takes in a public key that was made elsewhere. */
  own(publicKey: Uint8Array, secret: Uint8Array): void {
    this.#secrets.set(hexOf(publicKey), secret);
  }

  sign(publicKey: Uint8Array, message: Uint8Array): Uint8Array {
    const secret = this.#secrets.get(hexOf(publicKey));
    if (secret === undefined) throw new RangeError('nobody has this key');
    return digestOf('sim-signature', secret, message);
  }

  readonly verify: Verify = (publicKey, message, signature) => {
    const known = this.#checked.get(signature);
    const isKnown = known?.publicKey === publicKey && Buffer.compare(known.message, message) === 0;
    if (isKnown) return known.holds;
    const secret = this.#secrets.get(hexOf(publicKey));
    const expected = secret && digestOf('sim-signature', secret, message);
    const holds = expected !== undefined && Buffer.compare(expected, signature) === 0;
    this.#checked.set(signature, { publicKey, message, holds });
    return holds;
  };
}

/** The secret of whoever has this name. */
export const secretOf = (name: string): Uint8Array =>
  digestOf('sim-secret', new TextEncoder().encode(name));
