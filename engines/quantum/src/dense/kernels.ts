import type { Control, Matrix } from '@anarq/circuit';
import { offsetsOf } from '../linear/offsets.ts';
import { structureOf, type Structure } from './structure.ts';

/**
 * Applies a matrix to amplitudes in place. Amplitude k of the 2^qubits stands at 2k and 2k + 1; there are
 * at most 2^30 of them. Rows of the matrix that are those of the identity cost nothing.
 */
export function applyMatrix(
  amplitudes: Float64Array,
  matrix: Matrix,
  qubits: readonly number[],
  controls: readonly Control[],
): void {
  if (qubits.length === 1 && controls.length === 0)
    return applyToOne(amplitudes, matrix, 2 * 2 ** qubits[0]!);
  const structure = structureOf(matrix);
  const groups = groupsOf(amplitudes.length / 2, qubits, controls);
  if (structure.kind === 'diagonal') return applyDiagonal(amplitudes, structure, groups);
  if (qubits.length === 1 && structure.rows.length === 2)
    return applyOne(amplitudes, matrix, groups);
  applyRows(amplitudes, structure, groups);
}

/** The groups of amplitudes that a matrix mixes: one a setting of all other qubits. */
interface Groups {
  readonly count: number;
  /** For each qubit that is acted on or controls, ascending: the mask of the index bits below it. */
  readonly masks: Int32Array;
  /** What the controls ask for. */
  readonly base: number;
  /** What each setting of the acted qubits adds to an index. */
  readonly offsets: Int32Array;
}

function groupsOf(size: number, qubits: readonly number[], controls: readonly Control[]): Groups {
  const fixed = [...qubits, ...controls.map(({ qubit }) => qubit)].toSorted((a, b) => a - b);
  return {
    count: size / 2 ** fixed.length,
    masks: Int32Array.from(fixed, (qubit) => 2 ** qubit - 1),
    base: controls.reduce((sum, { qubit, value }) => sum + value * 2 ** qubit, 0),
    offsets: Int32Array.from(offsetsOf(qubits)),
  };
}

function firstOf({ masks, base }: Groups, group: number): number {
  let index = group;
  for (let k = 0; k < masks.length; k += 1) {
    const low = index & masks[k]!;
    index = ((index - low) << 1) | low;
  }
  return index | base;
}

/** A matrix on one qubit, whose states stand `distance` numbers apart. */
function applyToOne(v: Float64Array, m: Matrix, distance: number): void {
  const [a, b, c, d] = [m[0]!, m[1]!, m[2]!, m[3]!];
  const [e, f, g, h] = [m[4]!, m[5]!, m[6]!, m[7]!];
  const isDiagonal = c === 0 && d === 0 && e === 0 && f === 0;
  for (let block = 0; block < v.length; block += 2 * distance)
    for (let low = block; low < block + distance; low += 2) {
      const high = low + distance;
      const lowRe = v[low]!;
      const lowIm = v[low + 1]!;
      const highRe = v[high]!;
      const highIm = v[high + 1]!;
      if (isDiagonal) {
        v[low] = a * lowRe - b * lowIm;
        v[low + 1] = a * lowIm + b * lowRe;
        v[high] = g * highRe - h * highIm;
        v[high + 1] = g * highIm + h * highRe;
      } else {
        v[low] = a * lowRe - b * lowIm + c * highRe - d * highIm;
        v[low + 1] = a * lowIm + b * lowRe + c * highIm + d * highRe;
        v[high] = e * lowRe - f * lowIm + g * highRe - h * highIm;
        v[high + 1] = e * lowIm + f * lowRe + g * highIm + h * highRe;
      }
    }
}

function applyDiagonal(v: Float64Array, { rows }: Structure, groups: Groups): void {
  for (const { row, entries } of rows) {
    const [re, im] = [entries[0] ?? 0, entries[1] ?? 0];
    const offset = groups.offsets[row]!;
    for (let group = 0; group < groups.count; group += 1) {
      const at = 2 * (firstOf(groups, group) + offset);
      const a = v[at]!;
      const b = v[at + 1]!;
      v[at] = re * a - im * b;
      v[at + 1] = re * b + im * a;
    }
  }
}

function applyOne(v: Float64Array, m: Matrix, groups: Groups): void {
  const [a, b, c, d] = [m[0]!, m[1]!, m[2]!, m[3]!];
  const [e, f, g, h] = [m[4]!, m[5]!, m[6]!, m[7]!];
  const distance = 2 * groups.offsets[1]!;
  for (let group = 0; group < groups.count; group += 1) {
    const low = 2 * firstOf(groups, group);
    const high = low + distance;
    const lowRe = v[low]!;
    const lowIm = v[low + 1]!;
    const highRe = v[high]!;
    const highIm = v[high + 1]!;
    v[low] = a * lowRe - b * lowIm + c * highRe - d * highIm;
    v[low + 1] = a * lowIm + b * lowRe + c * highIm + d * highRe;
    v[high] = e * lowRe - f * lowIm + g * highRe - h * highIm;
    v[high + 1] = e * lowIm + f * lowRe + g * highIm + h * highRe;
  }
}

function applyRows(v: Float64Array, { rows }: Structure, groups: Groups): void {
  const { offsets } = groups;
  const size = offsets.length;
  const before = new Float64Array(2 * size);
  for (let group = 0; group < groups.count; group += 1) {
    const first = firstOf(groups, group);
    for (let k = 0; k < size; k += 1) {
      const at = 2 * (first + offsets[k]!);
      before[2 * k] = v[at]!;
      before[2 * k + 1] = v[at + 1]!;
    }
    for (let r = 0; r < rows.length; r += 1) {
      const { row, columns, entries } = rows[r]!;
      let re = 0;
      let im = 0;
      for (let k = 0; k < columns.length; k += 1) {
        const from = 2 * columns[k]!;
        const x = entries[2 * k]!;
        const y = entries[2 * k + 1]!;
        re += x * before[from]! - y * before[from + 1]!;
        im += x * before[from + 1]! + y * before[from]!;
      }
      const at = 2 * (first + offsets[row]!);
      v[at] = re;
      v[at + 1] = im;
    }
  }
}
