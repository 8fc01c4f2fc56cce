import type { Random } from '../random.ts';
import { elseOf, endOf, DO, STRIDE, type Noise, type Program } from './program.ts';
import { parityOf } from './flow.ts';
import { GATES_END, OP } from './ops.ts';

/** What a batch of frames is to keep, in rows of `words` words, a bit a shot. */
export interface FrameNeeds {
  /** Words of a row: 32 shots each. */
  readonly words: number;
  /** How many of the last results are kept: all of them, or as many as detectors look back. */
  readonly records: number;
  readonly bits: boolean;
  readonly detections: boolean;
}

/**
 * Pauli frames of a batch of shots: by which Pauli product each shot differs from a reference run of
 * the same program without noise (Gidney, arXiv:2103.02202, section 4; Rall et al., arXiv:1810.11408).
 * Signs do not matter to frames; that results come out at random does, and is in them as a Z that is
 * there or not after each measurement, reset, and at the beginning.
 */
export class Frames {
  readonly words: number;
  /** By which results differ from the reference, in a ring of `records` rows. */
  readonly record: Int32Array;
  readonly bits: Int32Array;
  readonly detectors: Int32Array;
  readonly observables: Int32Array;
  readonly #program: Program;
  readonly #needs: FrameNeeds;
  readonly #frames: Int32Array;
  /** Where the X row (2q) and the Z row (2q + 1) of each qubit begin. */
  readonly #at: Int32Array;
  readonly #parity: Int32Array;
  #measured = 0;
  #detected = 0;

  constructor(program: Program, needs: FrameNeeds) {
    const { words, records } = needs;
    this.words = words;
    this.#program = program;
    this.#needs = needs;
    this.#frames = new Int32Array(2 * program.qubits * words);
    this.#at = new Int32Array(2 * program.qubits);
    this.#parity = new Int32Array(words);
    this.record = new Int32Array(Math.max(1, records) * words);
    this.bits = new Int32Array(needs.bits ? program.bits * words : 0);
    this.detectors = new Int32Array(needs.detections ? program.total.detectors * words : 0);
    this.observables = new Int32Array(needs.detections ? program.total.observables * words : 0);
  }

  /** Runs the program on a batch of shots. */
  run(random: Random): void {
    this.#measured = 0;
    this.#detected = 0;
    this.bits.fill(0);
    this.observables.fill(0);
    this.#frames.fill(0);
    for (let row = 0; row < this.#at.length; row += 1) this.#at[row] = row * this.words;
    for (let row = 1; row < this.#at.length; row += 2) this.#randomise(this.#at[row]!, random);
    this.#run(0, this.#program.code.length, random);
  }

  #run(from: number, to: number, random: Random): void {
    const { code } = this.#program;
    for (let at = from; at < to; at += STRIDE) {
      const what = code[at]!;
      const a = code[at + 1]!;
      const b = code[at + 2]!;
      if (what < GATES_END) this.#gate(what, a, b);
      else if (what === DO.MEASURE) this.#measure(a, b, random);
      else if (what === DO.RESET) {
        const x = this.#at[2 * a]!;
        this.#frames.fill(0, x, x + this.words);
        this.#randomise(this.#at[2 * a + 1]!, random);
      } else if (what === DO.NOISE) this.#noise(this.#program.noises[a]!, random);
      else if (what === DO.DETECTOR) this.#detector(a);
      else if (what === DO.OBSERVABLE) this.#observable(a);
      else if (what === DO.REPEAT) {
        const end = endOf(code, at);
        for (let round = 0; round < a; round += 1) this.#run(at + STRIDE, end, random);
        at = end - STRIDE;
      } else if (what === DO.IF) {
        this.#if(at);
        at = endOf(code, at) - STRIDE;
      }
    }
  }

  #gate(op: number, a: number, b: number): void {
    const at = this.#at;
    switch (op) {
      case OP.X:
      case OP.Y:
      case OP.Z:
        return;
      case OP.H:
        exchange(at, 2 * a, 2 * a + 1);
        return;
      case OP.S:
      case OP.SDG:
        this.#add(at[2 * a + 1]!, at[2 * a]!);
        return;
      case OP.SX:
      case OP.SXDG:
        this.#add(at[2 * a]!, at[2 * a + 1]!);
        return;
      case OP.CX:
        this.#add(at[2 * b]!, at[2 * a]!);
        this.#add(at[2 * a + 1]!, at[2 * b + 1]!);
        return;
      case OP.CZ:
        this.#add(at[2 * a + 1]!, at[2 * b]!);
        this.#add(at[2 * b + 1]!, at[2 * a]!);
        return;
      default:
        exchange(at, 2 * a, 2 * b);
        exchange(at, 2 * a + 1, 2 * b + 1);
    }
  }

  /** Adds one row to another. */
  #add(to: number, from: number): void {
    const frames = this.#frames;
    const { words } = this;
    for (let word = 0; word < words; word += 1) frames[to + word]! ^= frames[from + word]!;
  }

  #randomise(at: number, random: Random): void {
    const frames = this.#frames;
    const { words } = this;
    for (let word = 0; word < words; word += 1) frames[at + word] = random.u32();
  }

  #measure(qubit: number, measure: number, random: Random): void {
    const { words, record } = this;
    const { bit, flip } = this.#program.measures[measure]!;
    const from = this.#at[2 * qubit]!;
    const to = (this.#measured % this.#needs.records) * words;
    this.#measured += 1;
    for (let word = 0; word < words; word += 1) record[to + word] = this.#frames[from + word]!;
    this.#randomise(this.#at[2 * qubit + 1]!, random);
    if (flip > 0) {
      const skip = skips(flip, random);
      for (let shot = skip(); shot < 32 * words; shot += 1 + skip())
        record[to + (shot >> 5)]! ^= 1 << (shot & 31);
    }
    if (bit >= 0 && this.#needs.bits) this.bits.set(record.subarray(to, to + words), bit * words);
  }

  /** One draw decides how many shots and targets are passed over until the next error. */
  #noise({ arity, total, errors, targets }: Noise, random: Random): void {
    const frames = this.#frames;
    const shots = 32 * this.words;
    const end = (targets.length / arity) * shots;
    const skip = skips(total, random);
    for (let at = skip(); at < end; at += 1 + skip()) {
      const target = Math.floor(at / shots);
      const shot = at - target * shots;
      let left = random.uniform() * total;
      let which = 0;
      while (which < errors.length - 1 && left >= errors[which]!.probability) {
        left -= errors[which]!.probability;
        which += 1;
      }
      const { pauli } = errors[which]!;
      const word = shot >> 5;
      const bit = 1 << (shot & 31);
      for (let k = 0; k < 2 * arity; k += 1)
        if (((pauli >> k) & 1) === 1)
          frames[this.#at[2 * targets[arity * target + (k >> 1)]! + (k & 1)]! + word]! ^= bit;
    }
  }

  /** The row of a result, counted back from the last. */
  #row(offset: number): number {
    return ((this.#measured + offset) % this.#needs.records) * this.words;
  }

  #detector(at: number): void {
    if (!this.#needs.detections) return;
    const to = this.#detected * this.words;
    this.#detected += 1;
    this.detectors.fill(0, to, to + this.words);
    this.#addRecords(this.#program.detectors[at]!.records, this.detectors, to);
  }

  #observable(at: number): void {
    if (!this.#needs.detections) return;
    const { index, records } = this.#program.observables[at]!;
    this.#addRecords(records, this.observables, index * this.words);
  }

  #addRecords(records: readonly number[], into: Int32Array, to: number): void {
    const { words, record } = this;
    for (const offset of records) {
      const from = this.#row(offset);
      for (let word = 0; word < words; word += 1) into[to + word]! ^= record[from + word]!;
    }
  }

  /**
   * Where the condition is another than in the reference run, the other of the two blocks is done: so
   * the frame gains the Pauli gates of both.
   */
  #if(at: number): void {
    const { code, conditions } = this.#program;
    const parity = parityOf(conditions[code[at + 1]!]!)!;
    const row = this.#parity.fill(0);
    for (const bit of parity.bits)
      for (let word = 0; word < this.words; word += 1)
        row[word]! ^= this.bits[bit * this.words + word]!;
    this.#addRecords(parity.records, row, 0);
    const end = endOf(code, at);
    const elseAt = elseOf(code, at);
    for (let inner = at + STRIDE; inner < end; inner += STRIDE) {
      if (inner === elseAt) continue;
      const q = code[inner + 1]!;
      if (code[inner] !== OP.Z) this.#addRow(this.#at[2 * q]!, row);
      if (code[inner] !== OP.X) this.#addRow(this.#at[2 * q + 1]!, row);
    }
  }

  #addRow(to: number, row: Int32Array): void {
    for (let word = 0; word < this.words; word += 1) this.#frames[to + word]! ^= row[word]!;
  }
}

function exchange(rows: Int32Array, a: number, b: number): void {
  const row = rows[a]!;
  rows[a] = rows[b]!;
  rows[b] = row;
}

/** How many trials fail before the next that succeeds, each with this probability: geometric, by inversion. */
function skips(probability: number, random: Random): () => number {
  const scale = 1 / Math.log1p(-probability);
  return () => Math.floor(Math.log(1 - random.uniform()) * scale);
}
