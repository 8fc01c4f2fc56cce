/** Bytes that do not read: too short, too long, or not in the one form that a value has. */
export class Malformed extends Error {
  override readonly name = 'Malformed';
}

const U64_MAX = 0xffff_ffff_ffff_ffffn;

/**
 * Writes values in one form each: integers big-endian, byte strings behind their length.
 * @throws RangeError for an integer that has no such form, rather than another one
 */
export class Writer {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #at = 0;

  /** @param size what will be written, where it is known: then nothing is copied */
  constructor(size = 256) {
    this.#bytes = new Uint8Array(size);
    this.#view = new DataView(this.#bytes.buffer);
  }

  u8(value: number): this {
    const at = this.#reserve(1);
    this.#view.setUint8(at, value);
    return this;
  }

  u16(value: number): this {
    const at = this.#reserve(2);
    this.#view.setUint16(at, value);
    return this;
  }

  u32(value: number): this {
    const at = this.#reserve(4);
    this.#view.setUint32(at, value);
    return this;
  }

  u64(value: bigint): this {
    if (value < 0n || value > U64_MAX) throw new RangeError(`${value} is no number below 2^64`);
    const at = this.#reserve(8);
    this.#view.setBigUint64(at, value);
    return this;
  }

  u128(value: bigint): this {
    return this.u64(value >> 64n).u64(value & U64_MAX);
  }

  /** Milliseconds since 1970. */
  time_ms(value: number): this {
    return this.u64(BigInt(value));
  }

  /** Bytes of a length that the reader knows. */
  raw(bytes: Uint8Array): this {
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** Bytes behind their length in four bytes. */
  bytes(bytes: Uint8Array): this {
    return this.u32(bytes.length).raw(bytes);
  }

  done(): Uint8Array {
    return this.#at === this.#bytes.length ? this.#bytes : this.#bytes.slice(0, this.#at);
  }

  #reserve(size: number): number {
    const at = this.#at;
    this.#at += size;
    if (this.#at > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#at, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }
}

/** Reads what a Writer wrote. @throws Malformed where something is missing or left over */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8));
  }

  u128(): bigint {
    return (this.u64() << 64n) | this.u64();
  }

  time_ms(): number {
    const value = this.u64();
    if (value > 8_640_000_000_000_000n) throw new Malformed('a time is out of range');
    return Number(value);
  }

  raw(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  bytes(length_max: number): Uint8Array {
    return this.raw(this.count(length_max));
  }

  /** A number of things that follow. */
  count(max: number): number {
    const count = this.u32();
    if (count > max) throw new Malformed(`${count} is more than the ${max} allowed`);
    return count;
  }

  /** @throws Malformed where bytes are left over */
  end(): void {
    if (this.#at !== this.#bytes.length)
      throw new Malformed(`${this.#bytes.length - this.#at} bytes are left over`);
  }

  #take(size: number): number {
    const at = this.#at;
    if (at + size > this.#bytes.length) throw new Malformed('the bytes end too early');
    this.#at = at + size;
    return at;
  }
}
