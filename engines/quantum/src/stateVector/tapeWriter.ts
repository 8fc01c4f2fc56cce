import type { Precision } from './layout.ts';

/** The tiles that operations act on. */
export interface Pass {
  readonly stateQubits: number;
  /** Positions of the tile, ascending; the first `low` of them are 0 to low - 1. */
  readonly qubits: readonly number[];
  readonly low: number;
}

const DENSE = 5;
const DIAGONAL = 6;
const FLIP = 7;
const ONLY_WHERE = 9;

/** Address bit that tells a real part from its imaginary part: layout.ts puts them 64 bytes apart. */
const IMAGINARY_BIT = 6;

/** Qubits and controls of an operation, by where the kernels meet them. */
interface Sorted {
  /** Qubits of the operation in the lanes of a vector, in the tile but not in lanes, and outside of the tile: [bit of the matrix, position in the tile (outside: in the state)]. */
  readonly lanes: readonly (readonly [number, number])[];
  readonly inTile: readonly (readonly [number, number])[];
  readonly outside: readonly (readonly [number, number])[];
  /** Lanes where the controls hold, as one bit a lane. */
  readonly laneMask: number;
  /** Address bits that controls fix, and their sum. */
  readonly controlBits: readonly number[];
  readonly base: number;
  /** Index bits outside of the tile that controls fix. */
  readonly mask: number;
  readonly value: number;
}

/** Writes records of a tape, and beside them the vectors that they point to. */
export class TapeWriter {
  readonly lanes: number;
  readonly #laneBits: number;
  readonly #sizeBits: number;
  readonly #base: number;
  readonly #f32: boolean;
  #words: number[] = [];
  #vectors = new Uint8Array(1024);
  #vectorBytes = 0;

  constructor(precision: Precision, base: number) {
    this.#f32 = precision === 'f32';
    this.#sizeBits = this.#f32 ? 2 : 3;
    this.#laneBits = 4 - this.#sizeBits;
    this.lanes = 2 ** this.#laneBits;
    this.#base = base;
  }

  /** Begins a record; `end` fills in its length. */
  begin(op: number): number {
    this.#words.push(op, 0);
    return this.#words.length - 2;
  }

  end(at: number): void {
    this.#words[at + 1] = this.#words.length - at;
  }

  record(op: number, words: readonly number[]): void {
    const at = this.begin(op);
    this.push(...words);
    this.end(at);
  }

  push(...words: number[]): void {
    this.#words.push(...words);
  }

  pushDoubles(values: readonly number[]): void {
    this.#words.push(...new Uint32Array(Float64Array.from(values).buffer));
  }

  pushReals(values: readonly number[]): void {
    const reals = this.#f32 ? Float32Array.from(values) : Float64Array.from(values);
    this.#words.push(...new Uint32Array(reals.buffer));
  }

  inLanes(qubit: number): boolean {
    return qubit < this.#laneBits;
  }

  /** The address bit of a qubit of a tile. */
  bitOf(qubit: number): number {
    const bit = qubit + this.#sizeBits;
    return bit >= IMAGINARY_BIT ? bit + 1 : bit;
  }

  /** Bytes of 2^qubits amplitudes. */
  bytesOf(qubits: number): number {
    return 2 ** (qubits + this.#sizeBits + 1);
  }

  /** Keeps numbers beside the records, and returns their address. */
  keepReals(values: readonly number[] | Float64Array): number {
    const reals = this.#f32 ? Float32Array.from(values) : Float64Array.from(values);
    return this.#keep(new Uint8Array(reals.buffer));
  }

  keepDoubles(values: readonly number[]): number {
    return this.#keep(new Uint8Array(Float64Array.from(values).buffer));
  }

  #keep(bytes: Uint8Array): number {
    const at = this.#vectorBytes;
    const end = at + Math.ceil(bytes.length / 16) * 16;
    if (end > this.#vectors.length) {
      const larger = new Uint8Array(2 * end);
      larger.set(this.#vectors);
      this.#vectors = larger;
    }
    this.#vectors.set(bytes, at);
    this.#vectorBytes = end;
    return this.#base + at;
  }

  /** The lanes where a bit of the mask is set, as a vector of ones and zeros; 0 where all are. */
  #keepMask(laneMask: number): number {
    if (laneMask === 2 ** this.lanes - 1) return 0;
    const bytes = new Uint8Array(16);
    for (let byte = 0; byte < 16; byte += 1)
      if ((laneMask >> (byte >> this.#sizeBits)) & 1) bytes[byte] = 0xff;
    return this.#keep(bytes);
  }

  #sort(pass: Pass, qubits: readonly number[], controls: readonly number[]): Sorted {
    const placed = qubits.map((position, bit) => [bit, pass.qubits.indexOf(position)] as const);
    let laneMask = 2 ** this.lanes - 1;
    const controlBits: number[] = [];
    let [base, mask, value] = [0, 0, 0];
    for (const control of controls) {
      const wanted = control & 1;
      const qubit = pass.qubits.indexOf(control >> 1);
      if (qubit < 0) {
        mask += 2 ** (control >> 1);
        value += wanted * 2 ** (control >> 1);
      } else if (this.inLanes(qubit)) {
        for (let lane = 0; lane < this.lanes; lane += 1)
          if (((lane >> qubit) & 1) !== wanted) laneMask &= ~(1 << lane);
      } else {
        controlBits.push(this.bitOf(qubit));
        base += wanted * 2 ** this.bitOf(qubit);
      }
    }
    return {
      lanes: placed.filter(([, qubit]) => qubit >= 0 && this.inLanes(qubit)),
      inTile: placed.filter(([, qubit]) => qubit >= 0 && !this.inLanes(qubit)),
      outside: placed.filter(([, qubit]) => qubit < 0).map(([bit]) => [bit, qubits[bit]!] as const),
      laneMask,
      controlBits,
      base,
      mask,
      value,
    };
  }

  /** What has to hold outside of the tile for the next record. */
  #onlyWhere({ mask, value }: Sorted): void {
    if (mask !== 0) this.record(ONLY_WHERE, [mask, value]);
  }

  #offsets(inTile: Sorted['inTile']): number[] {
    return Array.from({ length: 2 ** inTile.length }, (_, row) =>
      inTile.reduce((sum, [, qubit], k) => sum + ((row >> k) & 1) * 2 ** this.bitOf(qubit), 0),
    );
  }

  dense(
    pass: Pass,
    qubits: readonly number[],
    controls: readonly number[],
    matrix: Float64Array,
  ): void {
    const sorted = this.#sort(pass, qubits, controls);
    const { lanes, inTile } = sorted;
    const rows = 2 ** inTile.length;
    const exchanges = 2 ** lanes.length;
    const spread = lanes.length === 1 ? 2 ** lanes[0]![1] : 1;
    const vectors: number[] = [];
    for (let row = 0; row < rows; row += 1)
      for (let column = 0; column < rows * exchanges; column += 1) {
        const exchange = Math.floor(column / rows) * spread;
        vectors.push(...this.#coefficients(sorted, matrix, [row, column % rows], exchange));
      }
    const coefficients = this.keepReals(vectors);
    const mask = this.#keepMask(sorted.laneMask);
    const opened = this.#opened(sorted, [IMAGINARY_BIT]);
    this.#onlyWhere(sorted);
    const head = [rows, exchanges, opened.length, sorted.base, coefficients, mask, spread, 0];
    this.record(DENSE, [...head, ...opened, ...this.#offsets(inTile)]);
  }

  /** What the amplitudes of row `from`, their lanes exchanged, contribute to row `to`: real parts, then imaginary. */
  #coefficients(
    { lanes, inTile }: Sorted,
    matrix: Float64Array,
    [to, from]: readonly [number, number],
    exchange: number,
  ): number[] {
    const size = Math.sqrt(matrix.length / 2);
    const indexOf = (row: number, lane: number): number =>
      inTile.reduce((sum, [bit], k) => sum + ((row >> k) & 1) * 2 ** bit, 0) +
      lanes.reduce((sum, [bit, qubit]) => sum + ((lane >> qubit) & 1) * 2 ** bit, 0);
    return [0, 1].flatMap((part) =>
      Array.from({ length: this.lanes }, (_, lane) => {
        const entry = indexOf(to, lane) * size + indexOf(from, lane ^ exchange);
        return matrix[2 * entry + part]!;
      }),
    );
  }

  #opened({ inTile, controlBits }: Sorted, more: readonly number[]): number[] {
    return [...inTile.map(([, qubit]) => this.bitOf(qubit)), ...controlBits, ...more].toSorted(
      (a, b) => a - b,
    );
  }

  diagonal(
    pass: Pass,
    qubits: readonly number[],
    controls: readonly number[],
    diagonal: Float64Array,
  ): void {
    const sorted = this.#sort(pass, qubits, controls);
    const { lanes, inTile, outside } = sorted;
    const vectors: number[] = [];
    for (let setting = 0; setting < 2 ** outside.length; setting += 1)
      for (let row = 0; row < 2 ** inTile.length; row += 1)
        for (const part of [0, 1])
          for (let lane = 0; lane < this.lanes; lane += 1) {
            const entry =
              outside.reduce((sum, [bit], k) => sum + ((setting >> k) & 1) * 2 ** bit, 0) +
              inTile.reduce((sum, [bit], k) => sum + ((row >> k) & 1) * 2 ** bit, 0) +
              lanes.reduce((sum, [bit, qubit]) => sum + ((lane >> qubit) & 1) * 2 ** bit, 0);
            const acts = (sorted.laneMask >> lane) & 1;
            vectors.push(acts === 1 ? diagonal[2 * entry + part]! : 1 - part);
          }
    const factors = this.keepReals(vectors);
    const opened = this.#opened(sorted, [IMAGINARY_BIT]);
    this.#onlyWhere(sorted);
    const head = [2 ** inTile.length, opened.length, sorted.base, factors, outside.length, 0];
    const settings = outside.map(([, position]) => position);
    this.record(DIAGONAL, [...head, ...opened, ...this.#offsets(inTile), ...settings]);
  }

  flip(pass: Pass, qubit: number, controls: readonly number[]): void {
    const sorted = this.#sort(pass, [qubit], controls);
    const mask = this.#keepMask(sorted.laneMask);
    const lane = sorted.lanes[0];
    const inTile = sorted.inTile[0];
    const by = lane === undefined ? 0 : 2 ** lane[1];
    const step = inTile === undefined ? 0 : 2 ** this.bitOf(inTile[1]);
    const opened = this.#opened(sorted, []);
    this.#onlyWhere(sorted);
    this.record(FLIP, [by, step, opened.length, sorted.base, mask, 0, ...opened]);
  }

  /** The vectors first, the records after them. */
  finish(): { bytes: Uint8Array; base: number; start: number; end: number } {
    const words = Uint32Array.from(this.#words);
    const bytes = new Uint8Array(this.#vectorBytes + words.byteLength);
    bytes.set(this.#vectors.subarray(0, this.#vectorBytes));
    bytes.set(new Uint8Array(words.buffer), this.#vectorBytes);
    const start = this.#base + this.#vectorBytes;
    return { bytes, base: this.#base, start, end: start + words.byteLength };
  }
}
