import { CircuitError } from '@anarq/circuit';
import { parityOf } from './flow.ts';
import { conjugate, GATES_END, OP } from './ops.ts';
import type { PauliProduct } from './pauliProduct.ts';
import { DO, elseOf, endOf, STRIDE, type Noise, type Program } from './program.ts';

/** The operation that undoes another. */
const INVERSE = Int32Array.from({ length: GATES_END }, (_, op) => op);
INVERSE[OP.S] = OP.SDG;
INVERSE[OP.SDG] = OP.S;
INVERSE[OP.SX] = OP.SXDG;
INVERSE[OP.SXDG] = OP.SX;

/**
 * The expectation value of a Pauli product after a program, over all its errors and results, computed:
 * the product is taken back to the beginning (Heisenberg's picture), where each channel makes it
 * smaller, and a measurement that it does not commute with makes it 0.
 * @throws CircuitError UNSUPPORTED where the flow of the program is free
 */
export function expectationOf(program: Program, product: PauliProduct): number {
  if (program.flow === 'free')
    throw new CircuitError(
      'UNSUPPORTED',
      'The circuit decides by its results what it does: expectation values of it are sampled, so ask for shots.',
    );
  return new Backwards(program, product).value();
}

class Backwards {
  readonly #program: Program;
  readonly #x: Uint8Array;
  readonly #z: Uint8Array;
  #value: number;
  /** Bits whose results the sign depends on, and the measurement of which is still to come. */
  readonly #bits = new Set<number>();
  /** The same for places in the record. */
  readonly #records = new Set<number>();
  /** How many results come before the place reached. */
  #before: number;

  constructor(program: Program, { x, z, sign }: PauliProduct) {
    this.#program = program;
    this.#before = program.total.measurements;
    const letters = (words: Int32Array): Uint8Array =>
      Uint8Array.from({ length: program.qubits }, (_, q) => (words[q >> 5]! >>> (q & 31)) & 1);
    this.#x = letters(x);
    this.#z = letters(z);
    this.#value = sign === 0 ? 1 : -1;
  }

  value(): number {
    this.#block(0, this.#program.code.length);
    return this.#x.includes(1) ? 0 : this.#value;
  }

  #block(from: number, to: number): void {
    const { code } = this.#program;
    const places: number[] = [];
    const nested = new Set<number>([DO.REPEAT, DO.IF]);
    for (let at = from; at < to; at += STRIDE)
      if (nested.has(code[at]!)) {
        places.push(at);
        at = endOf(code, at) - STRIDE;
      }
    let end = to;
    for (const at of places.toReversed()) {
      this.#straight(endOf(code, at), end);
      if (code[at] === DO.IF) this.#if(at);
      else
        for (let round = 0; round < code[at + 1]! && this.#value !== 0; round += 1)
          this.#block(at + STRIDE, endOf(code, at));
      end = at;
    }
    this.#straight(from, end);
  }

  #straight(from: number, to: number): void {
    const { code, noises } = this.#program;
    for (let at = to - STRIDE; at >= from && this.#value !== 0; at -= STRIDE) {
      const what = code[at]!;
      const a = code[at + 1]!;
      if (what < GATES_END) this.#gate(what, a, code[at + 2]!);
      else if (what === DO.NOISE) this.#noise(noises[a]!);
      else if (what === DO.MEASURE) this.#measure(a, code[at + 2]!);
      else if (what === DO.RESET) {
        if (this.#x[a] === 1) this.#value = 0;
        this.#z[a] = 0;
      }
    }
  }

  #gate(op: number, a: number, b: number): void {
    const two = op >= OP.CX;
    let x = this.#x[a]!;
    let z = this.#z[a]!;
    if (two) {
      x |= this.#x[b]! << 1;
      z |= this.#z[b]! << 1;
    }
    if ((x | z) === 0) return;
    const before = conjugate({ op: INVERSE[op]!, a: 0, b: 1 }, { x, z, sign: 0 });
    this.#x[a] = before.x & 1;
    this.#z[a] = before.z & 1;
    if (two) {
      this.#x[b] = before.x >> 1;
      this.#z[b] = before.z >> 1;
    }
    if (before.sign === 1) this.#value = -this.#value;
  }

  #noise({ arity, errors, targets }: Noise): void {
    for (let at = 0; at < targets.length; at += arity) {
      let letters = 0;
      for (let k = 0; k < arity; k += 1) {
        const q = targets[at + k]!;
        letters |= (this.#z[q]! | (this.#x[q]! << 1)) << (2 * k);
      }
      if (letters === 0) continue;
      let changing = 0;
      for (const { pauli, probability } of errors)
        if (anticommute(pauli, letters)) changing += probability;
      this.#value *= 1 - 2 * changing;
    }
  }

  #measure(qubit: number, at: number): void {
    const { bit, flip, inverted } = this.#program.measures[at]!;
    this.#before -= 1;
    if (this.#x[qubit] === 1) this.#value = 0;
    if (this.#bits.delete(bit) === this.#records.delete(this.#before)) return;
    this.#z[qubit]! ^= 1;
    this.#value *= (1 - 2 * flip) * (1 - 2 * inverted);
  }

  /** Pauli gates under a condition: where they anticommute with the product, its sign follows the parity of the bits. */
  #if(at: number): void {
    const { code, conditions } = this.#program;
    const elseAt = elseOf(code, at);
    const then = this.#changes(at + STRIDE, elseAt < 0 ? endOf(code, at) : elseAt);
    const otherwise = elseAt >= 0 && this.#changes(elseAt + STRIDE, endOf(code, at));
    const parity = parityOf(conditions[code[at + 1]!]!);
    if (parity === undefined) throw new CircuitError('UNSUPPORTED', 'A condition is no parity.');
    if (parity.constant ? then : otherwise) this.#value = -this.#value;
    if (then === otherwise) return;
    for (const bit of parity.bits) toggle(this.#bits, bit);
    for (const record of parity.records) toggle(this.#records, this.#before + record);
  }

  #changes(from: number, to: number): boolean {
    const { code } = this.#program;
    let changes = 0;
    for (let at = from; at < to; at += STRIDE) {
      const q = code[at + 1]!;
      if (code[at] !== OP.Z) changes ^= this.#z[q]!;
      if (code[at] !== OP.X) changes ^= this.#x[q]!;
    }
    return changes === 1;
  }
}

function toggle(set: Set<number>, value: number): void {
  if (!set.delete(value)) set.add(value);
}

/** Whether a product in the numbering of `Noise.errors` anticommutes with one whose bits 2k and 2k + 1 say Z and X. */
function anticommute(pauli: number, letters: number): boolean {
  let both = pauli & letters;
  both ^= both >> 2;
  return ((both ^ (both >> 1)) & 1) === 1;
}
