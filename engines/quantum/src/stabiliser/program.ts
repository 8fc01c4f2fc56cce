import type { Expression, Target, Variable } from '@anarq/circuit';
import { GATES_END } from './ops.ts';

/** What stands in a program besides the gates of `OP`. */
export const DO = {
  /** Measures qubit `a` as `measures[b]` says. */
  MEASURE: GATES_END,
  RESET: GATES_END + 1,
  /** Applies `noises[a]`. */
  NOISE: GATES_END + 2,
  /** Of `detectors[a]`. */
  DETECTOR: GATES_END + 3,
  /** Of `observables[a]`. */
  OBSERVABLE: GATES_END + 4,
  /** Does the next `b` operations `a` times. */
  REPEAT: GATES_END + 5,
  /** Does the next `b` operations, of which the last may be ELSE, if `conditions[a]` holds. */
  IF: GATES_END + 6,
  /** Passes over the next `b` operations, which are done if the condition of the IF before does not hold. */
  ELSE: GATES_END + 7,
  /** Does the next `b` operations as long as `conditions[a]` holds. */
  WHILE: GATES_END + 8,
  /** Does `assignments[a]`. */
  ASSIGN: GATES_END + 9,
  /** `JUMP` says where to. */
  JUMP: GATES_END + 10,
  /** Adds `shifts[a]` to the coordinates of all detectors that follow. */
  SHIFT: GATES_END + 11,
} as const;

export const JUMP = { BREAK: 1, CONTINUE: 2, END: 3 } as const;

/** Numbers that an operation takes in `Program.code`: what, a, b. */
export const STRIDE = 3;

/** A circuit, flat: Clifford gates taken apart, noise as probabilities of Pauli errors. */
export interface Program {
  readonly qubits: number;
  readonly bits: number;
  readonly variables: readonly Variable[];
  /** Operations of STRIDE numbers each. */
  readonly code: Int32Array;
  readonly measures: readonly Measure[];
  readonly noises: readonly Noise[];
  readonly detectors: readonly Detector[];
  readonly observables: readonly ObservablePart[];
  readonly shifts: readonly (readonly number[])[];
  readonly conditions: readonly Expression[];
  readonly assignments: readonly Assignment[];
  /**
   * How often each of these comes up when the program runs. What depends on results counts as if it
   * came up; where loops depend on results, there is no such number and `flow` says so.
   */
  readonly total: Totals;
  /** Whether operations depend on results; `pauli`: those of Pauli gates do, on parities of bits. */
  readonly flow: 'fixed' | 'pauli' | 'free';
}

export interface Totals {
  readonly measurements: number;
  readonly detectors: number;
  /** One more than the highest index. */
  readonly observables: number;
}

export interface Measure {
  /** Where the result goes, or -1. */
  readonly bit: number;
  /** The probability that it is told wrong. */
  readonly flip: number;
  readonly inverted: 0 | 1;
}

/** One channel on many targets, each of `arity` qubits. */
export interface Noise {
  readonly arity: 1 | 2;
  /** The probability that anything happens. */
  readonly total: number;
  /**
   * Probabilities that add up to `total`, of the Pauli products with these numbers: bit 2k says X, bit
   * 2k + 1 says Z on operand k (both: Y).
   */
  readonly errors: readonly { readonly pauli: number; readonly probability: number }[];
  /** Operands of target after target. */
  readonly targets: Int32Array;
}

export interface Detector {
  readonly records: readonly number[];
  readonly coordinates: readonly number[];
}

export interface ObservablePart {
  readonly index: number;
  readonly records: readonly number[];
}

export interface Assignment {
  readonly to: Target;
  readonly value: Expression;
}

/** Where the operations end that a REPEAT, IF, ELSE or WHILE at `at` is about, the ELSE of an IF among them. */
export function endOf(code: Int32Array, at: number): number {
  const end = at + STRIDE * (1 + code[at + 2]!);
  const elseAt = elseOf(code, at);
  return elseAt < 0 ? end : end + STRIDE * code[elseAt + 2]!;
}

/** Where the ELSE of an IF at `at` stands, or -1. */
export function elseOf(code: Int32Array, at: number): number {
  const last = at + STRIDE * code[at + 2]!;
  return code[at] === DO.IF && last > at && code[last] === DO.ELSE ? last : -1;
}
