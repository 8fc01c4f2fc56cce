import { CircuitError } from '@anarq/circuit';
import type { PauliFactor } from '../task.ts';
import { multiplyRows } from './bits.ts';

/**
 * A Hermitian Pauli product on all qubits: bit `q & 31` of word `q >> 5` of `x` and `z` say what acts on
 * qubit q (both: Y), and `sign` is 1 where there is a minus before it.
 */
export interface PauliProduct {
  readonly qubits: number;
  readonly x: Int32Array;
  readonly z: Int32Array;
  readonly sign: number;
}

/**
 * A product from its factors, which may name a qubit once.
 * @throws CircuitError SEMANTICS where a qubit is not there or is named twice
 */
export function productOf(qubits: number, factors: readonly PauliFactor[]): PauliProduct {
  const words = Math.max(1, Math.ceil(qubits / 32));
  const x = new Int32Array(words);
  const z = new Int32Array(words);
  for (const { qubit, pauli } of factors) {
    const word = qubit >> 5;
    const bit = 1 << (qubit & 31);
    if (!Number.isInteger(qubit) || qubit < 0 || qubit >= qubits)
      throw new CircuitError('SEMANTICS', `There is no qubit ${qubit}; there are ${qubits}.`);
    if (((x[word]! | z[word]!) & bit) !== 0)
      throw new CircuitError('SEMANTICS', `A Pauli product names qubit ${qubit} twice.`);
    if (pauli !== 'Z') x[word]! |= bit;
    if (pauli !== 'X') z[word]! |= bit;
  }
  return { qubits, x, z, sign: 0 };
}

/** A product as text: a sign, and a letter for each qubit from 0, `_` for none. */
export function textOf({ qubits, x, z, sign }: PauliProduct): string {
  let text = sign === 0 ? '+' : '-';
  for (let q = 0; q < qubits; q += 1)
    text += '_XZY'[((x[q >> 5]! >>> (q & 31)) & 1) | (((z[q >> 5]! >>> (q & 31)) & 1) << 1)]!;
  return text;
}

/**
 * The one reduced set of generators of the group that the given ones generate: two states are the
 * same exactly where these are. Qubit after qubit, first X then Z, each leading letter stands in one
 * generator only.
 */
export function canonical(generators: readonly PauliProduct[]): PauliProduct[] {
  const first = generators[0];
  if (first === undefined) return [];
  const words = first.x.length;
  const rows = generators.map(({ x, z }) => Int32Array.from([...x, ...z]));
  const signs = generators.map(({ sign }) => sign);
  let done = 0;
  for (let column = 0; column < 2 * first.qubits; column += 1) {
    const q = column >> 1;
    const word = (q >> 5) + (column & 1) * words;
    const has = (row: Int32Array): boolean => ((row[word]! >>> (q & 31)) & 1) === 1;
    const pivot = rows.findIndex((row, at) => at >= done && has(row));
    if (pivot < 0) continue;
    const row = rows[pivot]!;
    const sign = signs[pivot]!;
    for (let other = 0; other < rows.length; other += 1)
      if (other !== pivot && has(rows[other]!)) {
        const power = multiplyRows(rows[other]!, 0, row, 0, words);
        signs[other]! ^= sign ^ (power >> 1);
      }
    rows[pivot] = rows[done]!;
    signs[pivot] = signs[done]!;
    rows[done] = row;
    signs[done] = sign;
    done += 1;
  }
  return rows.map((row, at) => ({
    qubits: first.qubits,
    x: row.slice(0, words),
    z: row.slice(words),
    sign: signs[at]!,
  }));
}
