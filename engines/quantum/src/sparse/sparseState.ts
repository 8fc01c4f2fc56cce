import { CircuitError, type Control, type Matrix } from '@anarq/circuit';
import { realTimesI } from '../dense/pauliMasks.ts';
import { cumulated, indexFor } from '../dense/sampling.ts';
import { projector, type QuantumState } from '../interpreter/index.ts';
import type { PauliFactor } from '../task.ts';
import { Amplitudes, sparseBytes, wordsFor } from './amplitudes.ts';
import { columnsOf, type Columns } from './columns.ts';

/**
 * A state that keeps only its nonzero amplitudes. Permutations and diagonals leave their number as it
 * is, whatever the number of qubits; a gate that branches multiplies it at most by 2 for each qubit.
 */
export class SparseState implements QuantumState {
  readonly qubits: number;
  readonly #entriesMax: number;
  #amplitudes: Amplitudes;

  /** |0…0>, with at most so many nonzero amplitudes. */
  constructor(qubits: number, entriesMax: number, amplitudes?: Amplitudes) {
    this.qubits = qubits;
    this.#entriesMax = entriesMax;
    this.#amplitudes = amplitudes ?? new Amplitudes(wordsFor(qubits));
    if (amplitudes === undefined) this.#amplitudes.add(new Uint32Array(wordsFor(qubits)), 1, 0);
  }

  /** How many amplitudes are not 0. */
  get entries(): number {
    return this.#amplitudes.count;
  }

  /** @throws CircuitError LIMIT where more amplitudes would be nonzero than there may be */
  apply(matrix: Matrix, qubits: readonly number[], controls: readonly Control[]): void {
    const columns = columnsOf(matrix);
    if (columns.isMonomial) this.#move(columns, qubits, controls);
    else this.#branch(columns, qubits, controls);
  }

  probabilityOfOne(qubit: number): number {
    const { values, count } = this.#amplitudes;
    let sum = 0;
    for (let entry = 0; entry < count; entry += 1)
      if (this.#bit(entry, qubit) === 1)
        sum += values[2 * entry]! ** 2 + values[2 * entry + 1]! ** 2;
    return Math.min(1, sum);
  }

  collapse(qubit: number, value: 0 | 1, probability: number): void {
    this.apply(projector(value, probability), [qubit], []);
  }

  reduced(qubits: readonly number[]): Matrix {
    const all = this.#amplitudes;
    const { values, count } = all;
    const size = 2 ** qubits.length;
    const rho = new Float64Array(2 * size * size);
    const key = new Uint32Array(all.words);
    for (let entry = 0; entry < count; entry += 1) {
      const column = this.#setting(entry, qubits);
      for (let row = 0; row < size; row += 1) {
        this.#keyWith(key, entry, qubits, row);
        const other = all.find(key);
        if (other < 0) continue;
        const to = 2 * (row * size + column);
        const [a, b] = [values[2 * other]!, values[2 * other + 1]!];
        const [c, d] = [values[2 * entry]!, values[2 * entry + 1]!];
        rho[to]! += a * c + b * d;
        rho[to + 1]! += b * c - a * d;
      }
    }
    return rho;
  }

  expectation(factors: readonly PauliFactor[]): number {
    const all = this.#amplitudes;
    const flips = factors.filter(({ pauli }) => pauli !== 'Z').map(({ qubit }) => qubit);
    const signs = factors.filter(({ pauli }) => pauli !== 'X').map(({ qubit }) => qubit);
    const key = new Uint32Array(all.words);
    let re = 0;
    let im = 0;
    for (let entry = 0; entry < all.count; entry += 1) {
      let other = entry;
      if (flips.length > 0) {
        for (let word = 0; word < all.words; word += 1)
          key[word] = all.keys[entry * all.words + word]!;
        for (const qubit of flips) key[qubit >> 5] = key[qubit >> 5]! ^ (1 << (qubit & 31));
        other = all.find(key);
      }
      if (other < 0) continue;
      const sign = signs.reduce((s, qubit) => (this.#bit(entry, qubit) === 1 ? -s : s), 1);
      const [a, b] = [all.values[2 * other]!, all.values[2 * other + 1]!];
      const [c, d] = [all.values[2 * entry]!, all.values[2 * entry + 1]!];
      re += sign * (a * c + b * d);
      im += sign * (a * d - b * c);
    }
    return realTimesI(factors.filter(({ pauli }) => pauli === 'Y').length, re, im);
  }

  clone(): SparseState {
    return new SparseState(this.qubits, this.#entriesMax, this.#amplitudes.clone());
  }

  sampler(): (uniform: () => number, into: Uint8Array) => void {
    const { values, count } = this.#amplitudes;
    const sums = cumulated(count, (k) => values[2 * k]! ** 2 + values[2 * k + 1]! ** 2);
    return (uniform, into) => {
      const entry = indexFor(sums, uniform());
      for (let qubit = 0; qubit < this.qubits; qubit += 1) into[qubit] = this.#bit(entry, qubit);
    };
  }

  #bit(entry: number, qubit: number): number {
    const { keys, words } = this.#amplitudes;
    return (keys[entry * words + (qubit >> 5)]! >>> (qubit & 31)) & 1;
  }

  #setting(entry: number, qubits: readonly number[]): number {
    let setting = 0;
    for (let k = 0; k < qubits.length; k += 1) setting |= this.#bit(entry, qubits[k]!) << k;
    return setting;
  }

  #meets(entry: number, controls: readonly Control[]): boolean {
    for (const { qubit, value } of controls) if (this.#bit(entry, qubit) !== value) return false;
    return true;
  }

  /** The key of an entry, its bits on these qubits set anew. */
  #keyWith(key: Uint32Array, entry: number, qubits: readonly number[], setting: number): void {
    const { keys, words } = this.#amplitudes;
    for (let word = 0; word < words; word += 1) key[word] = keys[entry * words + word]!;
    for (let k = 0; k < qubits.length; k += 1) {
      const qubit = qubits[k]!;
      const mask = 1 << (qubit & 31);
      const word = key[qubit >> 5]!;
      key[qubit >> 5] = ((setting >> k) & 1) === 1 ? word | mask : word & ~mask;
    }
  }

  /** Each entry becomes one entry, in place. */
  #move(columns: Columns, qubits: readonly number[], controls: readonly Control[]): void {
    const all = this.#amplitudes;
    const { keys, values, words, count } = all;
    const key = new Uint32Array(words);
    let isEmptied = false;
    for (let entry = 0; entry < count; entry += 1) {
      if (!this.#meets(entry, controls)) continue;
      const column = this.#setting(entry, qubits);
      const row = columns.rows[column]![0];
      const [re = 0, im = 0] = columns.entries[column]!;
      isEmptied ||= row === undefined;
      const a = values[2 * entry]!;
      const b = values[2 * entry + 1]!;
      values[2 * entry] = re * a - im * b;
      values[2 * entry + 1] = re * b + im * a;
      if (row === undefined || row === column) continue;
      this.#keyWith(key, entry, qubits, row);
      for (let word = 0; word < words; word += 1) keys[entry * words + word] = key[word]!;
    }
    if (!columns.isDiagonal) all.keysChanged();
    if (isEmptied) all.prune();
  }

  /** Each entry becomes several, which are summed. */
  #branch(columns: Columns, qubits: readonly number[], controls: readonly Control[]): void {
    const before = this.#amplitudes;
    const after = new Amplitudes(before.words, before.count);
    const key = new Uint32Array(before.words);
    for (let entry = 0; entry < before.count; entry += 1) {
      const a = before.values[2 * entry]!;
      const b = before.values[2 * entry + 1]!;
      const column = this.#setting(entry, qubits);
      if (!this.#meets(entry, controls)) {
        this.#keyWith(key, entry, qubits, column);
        after.add(key, a, b);
        continue;
      }
      const rows = columns.rows[column]!;
      const entries = columns.entries[column]!;
      for (let k = 0; k < rows.length; k += 1) {
        this.#keyWith(key, entry, qubits, rows[k]!);
        const re = entries[2 * k]!;
        const im = entries[2 * k + 1]!;
        after.add(key, re * a - im * b, re * b + im * a);
      }
      if (after.count > this.#entriesMax) after.prune();
      if (after.count > this.#entriesMax) throw this.#tooMany();
    }
    after.prune();
    this.#amplitudes = after;
  }

  #tooMany(): CircuitError {
    return new CircuitError(
      'LIMIT',
      `More than ${this.#entriesMax} amplitudes of ${this.qubits} qubits are not 0, which take ${sparseBytes(this.qubits, this.#entriesMax)} bytes.`,
    );
  }
}
