import { digestOf, hexOf } from '../../hash.ts';
import type { Verify } from '../../checkpoint.ts';

/**
 * Signatures that only the owner of a key can make, as long as nobody else gets its secret: for
 * simulations, where thousands of real ones would take the time.
 */
export class IdealKeys {
  readonly #secrets = new Map<string, Uint8Array>();

  /** Signatures by key and message: every node checks the same ones. */
  readonly #made = new Map<string, Uint8Array>();

  /** A new key pair, known by its public key. */
  make(name: string): Uint8Array {
    const secret = digestOf('sim-secret', new TextEncoder().encode(name));
    const publicKey = digestOf('sim-public', secret);
    this.#secrets.set(hexOf(publicKey), secret);
    return publicKey;
  }

  sign(publicKey: Uint8Array, message: Uint8Array): Uint8Array {
    const secret = this.#secrets.get(hexOf(publicKey));
    if (secret === undefined) throw new RangeError('nobody has this key');
    return digestOf('sim-signature', secret, message);
  }

  readonly verify: Verify = (publicKey, message, signature) => {
    const secret = this.#secrets.get(hexOf(publicKey));
    if (secret === undefined) return false;
    const key = `${hexOf(secret)}.${hexOf(message)}`;
    let expected = this.#made.get(key);
    if (expected === undefined)
      this.#made.set(key, (expected = digestOf('sim-signature', secret, message)));
    return Buffer.compare(expected, signature) === 0;
  };
}
