import { createHash } from 'node:crypto';
import { CHUNK_BYTES, DagBuilder, leafCid } from '@anarq/content';

/** Computes CID, length and SHA-256 of content as it passes by, in constant memory. */
export class FileDigest {
  readonly #dag = new DagBuilder();
  readonly #sha256 = createHash('sha256');
  readonly #chunk = new Uint8Array(CHUNK_BYTES);
  #filled = 0;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  add(piece: Uint8Array): void {
    this.#sha256.update(piece);
    this.#bytes += piece.length;
    for (let taken = 0; taken < piece.length;) {
      const part = piece.subarray(taken, taken + CHUNK_BYTES - this.#filled);
      this.#chunk.set(part, this.#filled);
      this.#filled += part.length;
      taken += part.length;
      if (this.#filled === CHUNK_BYTES) this.#closeChunk();
    }
  }

  /** Call once, after the last piece. */
  finish(): { cid: string; bytes: number; sha256Hex: string } {
    if (this.#filled > 0) this.#closeChunk();
    return {
      cid: this.#dag.finish().toString(),
      bytes: this.#bytes,
      sha256Hex: this.#sha256.digest('hex'),
    };
  }

  #closeChunk(): void {
    this.#dag.add(leafCid(this.#chunk.subarray(0, this.#filled)), this.#filled);
    this.#filled = 0;
  }
}
