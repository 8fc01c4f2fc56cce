/** Below this size memory is new each time: that costs less than to keep it. */
const KEPT_BYTES_MIN = 64 << 10;
/** Most bytes of one size that are kept while nobody uses them, unless something else is said. */
const UNUSED_BYTES_MAX = 8 << 20;

/**
 * Large pieces of memory, used again and again. New memory for each would have to be given by the operating
 * system page by page, and be found and freed by the garbage collector, which looks at everything for it.
 */
export class SpareMemory {
  readonly #unusedBytesMax: number;
  /** Memory that nobody uses, by its size: powers of two. */
  readonly #unused = new Map<number, ArrayBuffer[]>();

  /** @param unusedBytesMax most bytes of one size that are kept while nobody uses them */
  constructor(unusedBytesMax = UNUSED_BYTES_MAX) {
    this.#unusedBytesMax = unusedBytesMax;
  }

  /** Memory of so many bytes, with anything in it, of which nobody else has a part. */
  take(bytes: number): Buffer {
    if (bytes < KEPT_BYTES_MIN) return Buffer.allocUnsafeSlow(bytes);
    const size = sizeFor(bytes);
    return Buffer.from(this.#unused.get(size)?.pop() ?? new ArrayBuffer(size), 0, bytes);
  }

  /** Takes back what `take` gave: nobody looks at it any more. */
  giveBack({ buffer, byteLength }: Buffer): void {
    if (byteLength < KEPT_BYTES_MIN || !(buffer instanceof ArrayBuffer)) return;
    const size = buffer.byteLength;
    const unused = this.#unused.get(size) ?? [];
    this.#unused.set(size, unused);
    if ((unused.length + 1) * size <= this.#unusedBytesMax) unused.push(buffer);
  }
}

const sizeFor = (bytes: number): number => 2 ** Math.ceil(Math.log2(bytes));
