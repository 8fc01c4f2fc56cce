import type { Expression, Instruction } from '@anarq/circuit';
import { describe, expect, it } from 'vitest';
import type { Observable, PauliFactor } from '../../src/index.ts';
import { runStabiliser } from '../../src/stabiliser/run.ts';
import { circuitOf, gate, measure } from './circuits.ts';

type Letter = 'X' | 'Z';

/** Measures a product of one letter on some qubits through an ancilla, into a bit. */
const check = (
  letter: Letter,
  qubits: readonly number[],
  ancilla: number,
  bit: number,
): Instruction[] => [
  { kind: 'reset', qubit: ancilla },
  gate('h', ancilla),
  ...qubits.map((q) => gate(letter === 'X' ? 'cx' : 'cz', ancilla, q)),
  gate('h', ancilla),
  measure(ancilla, bit),
];

/** Gates for each value but 0 of a register, as a decoder's table says. */
const correct = (
  start: number,
  size: number,
  table: readonly (Instruction | undefined)[],
): Instruction[] =>
  table.flatMap((then, at): Instruction[] => {
    if (then === undefined) return [];
    const value: Expression = { kind: 'literal', value: BigInt(at) };
    const register: Expression = { kind: 'bits', start, size };
    return [
      {
        kind: 'if',
        condition: { kind: 'binary', op: '==', left: register, right: value },
        then: [then],
        else: [],
      },
    ];
  });

const product = (letter: Letter, qubits: readonly number[]): Observable => [
  { coefficient: 1, factors: qubits.map((qubit): PauliFactor => ({ qubit, pauli: letter })) },
];

const all = (count: number): number[] => Array.from({ length: count }, (_, q) => q);

/** Those of the observables that are not certainly 1 in the end. */
function uncertain(
  qubits: number,
  bits: number,
  body: Instruction[],
  observables: Observable[],
): Observable[] {
  const circuit = circuitOf(qubits, bits, body);
  const { expectations } = runStabiliser({ circuit, shots: 8, seed: 4n, observables });
  return observables.filter((_, at) => {
    const { value, standardError } = expectations[at]!;
    return value !== 1 || standardError !== 0;
  });
}

describe('a code that corrects by what it measured', () => {
  const errors = ['x', 'y', 'z'];

  it('Steane’s, undoes every Pauli error on one of its seven qubits', () => {
    // Qubit q is in check k where bit k of q + 1 is set, so the syndrome is the number of the qubit.
    const checks = all(3).map((k) => all(7).filter((q) => ((q + 1) >> k) & 1));
    const cycle = [
      ...checks.flatMap((qubits, k) => check('X', qubits, 7, k)),
      ...correct(0, 3, [undefined, ...all(7).map((q) => gate('z', q))]),
      ...checks.flatMap((qubits, k) => check('Z', qubits, 7, 3 + k)),
      ...correct(3, 3, [undefined, ...all(7).map((q) => gate('x', q))]),
    ];
    const stabilisers = checks.flatMap((qubits) => [product('X', qubits), product('Z', qubits)]);
    for (const error of errors)
      for (const qubit of all(7)) {
        const body = [...cycle, gate(error, qubit), ...cycle];
        expect(uncertain(8, 6, body, [...stabilisers, product('Z', all(7))]), error).toEqual([]);
        const plus = [...all(7).map((q) => gate('h', q)), ...body];
        expect(uncertain(8, 6, plus, [...stabilisers, product('X', all(7))]), error).toEqual([]);
      }
  });

  it('Shor’s, undoes every Pauli error on one of its nine qubits', () => {
    const encode = [
      gate('cx', 0, 3),
      gate('cx', 0, 6),
      ...[0, 3, 6].flatMap((q) => [gate('h', q), gate('cx', q, q + 1), gate('cx', q, q + 2)]),
    ];
    const pairs = [0, 3, 6].flatMap((q) => [
      [q, q + 1],
      [q + 1, q + 2],
    ]);
    const blocks = [all(6), all(6).map((q) => q + 3)];
    const cycle = [
      ...pairs.flatMap((pair, k) => check('Z', pair, 9, k)),
      ...[0, 3, 6].flatMap((q, block) =>
        correct(2 * block, 2, [undefined, gate('x', q), gate('x', q + 2), gate('x', q + 1)]),
      ),
      ...blocks.flatMap((qubits, k) => check('X', qubits, 9, 6 + k)),
      ...correct(6, 2, [undefined, gate('z', 0), gate('z', 6), gate('z', 3)]),
    ];
    const stabilisers = [
      ...pairs.map((pair) => product('Z', pair)),
      ...blocks.map((block) => product('X', block)),
    ];
    for (const error of errors)
      for (const qubit of all(9)) {
        const body = [...encode, gate(error, qubit), ...cycle];
        // The logical Z is X on all of a block; the logical X is Z on one of each.
        expect(uncertain(10, 8, body, [...stabilisers, product('X', [0, 1, 2])]), error).toEqual(
          [],
        );
        expect(
          uncertain(10, 8, [gate('h', 0), ...body], [...stabilisers, product('Z', [0, 3, 6])]),
          error,
        ).toEqual([]);
      }
  });
});
