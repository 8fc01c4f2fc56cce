const HASH_BYTES = 32;

/** Hashes one after another, in memory that doubles. */
export class HashList {
  #bytes = new Uint8Array(64 * HASH_BYTES);
  count = 0;

  get(index: number): Uint8Array {
    return this.#bytes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
  }

  set(index: number, hash: Uint8Array): void {
    while ((index + 1) * HASH_BYTES > this.#bytes.length) {
      const before = this.#bytes;
      this.#bytes = new Uint8Array(before.length * 2);
      this.#bytes.set(before);
    }
    this.#bytes.set(hash, index * HASH_BYTES);
    this.count = Math.max(this.count, index + 1);
  }

  push(hash: Uint8Array): void {
    this.set(this.count, hash);
  }
}
