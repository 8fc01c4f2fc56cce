import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

/** Level 1: blocks are mostly signatures, which shrink at no level. */
const LEVEL = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
/** Below this share of the bytes saved, the receiver's work is not worth it. */
const SAVED_MIN = 1 / 16;
const SKIPPED_MAX = 15;

/**
 * Compresses what shrinks. Signatures and keys do not, and trying costs the time of a small
 * signature check: after frames that did not shrink, ever more are sent as they are.
 */
export class Compressor {
  readonly #bytes_min: number;
  /** A broadcast is the same frame for many peers, and is compressed once. */
  readonly #done = new WeakMap<Uint8Array, Uint8Array | false>();
  #skip = 0;
  #skipped = 0;

  constructor(bytes_min: number) {
    this.#bytes_min = bytes_min;
  }

  /** The frame in zstd, or undefined where it is sent as it is. */
  compressed(frame: Uint8Array): Uint8Array | undefined {
    if (frame.byteLength < this.#bytes_min) return undefined;
    const known = this.#done.get(frame);
    if (known !== undefined) return known === false ? undefined : known;
    const packed = this.#skipped < this.#skip ? undefined : this.#try(frame);
    if (packed === undefined) this.#skipped++;
    this.#done.set(frame, packed ?? false);
    return packed;
  }

  #try(frame: Uint8Array): Uint8Array | undefined {
    const packed = zstdCompressSync(frame, LEVEL);
    const shrinks = packed.byteLength <= frame.byteLength * (1 - SAVED_MIN);
    this.#skip = shrinks ? 0 : Math.min(SKIPPED_MAX, 2 * this.#skip + 1);
    this.#skipped = 0;
    return shrinks ? packed : undefined;
  }
}

/** What was compressed; undefined where it is no zstd, or does not give just so many bytes. */
export function decompressed(packed: Uint8Array, bytes: number): Uint8Array | undefined {
  try {
    const frame = zstdDecompressSync(packed, { maxOutputLength: bytes });
    return frame.byteLength === bytes ? frame : undefined;
  } catch {
    return undefined;
  }
}
