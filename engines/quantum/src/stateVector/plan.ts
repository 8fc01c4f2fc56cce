/**
 * The plan: what a planner writes and every executor runs. It has no pointers and no objects, so that WASM
 * and native code read it where it lies.
 *
 * `code` is a sequence of records of 32-bit integers, `data` holds the numbers they refer to (f64 always,
 * also for a state in f32). A record is
 *
 *     [op, words, at, …operands]
 *
 * with `words` the length of the record, these three included, and `at` an index into `data`. Complex numbers
 * stand in `data` as re, im. Qubits are positions: bits of an amplitude's index (layout.ts).
 *
 * | op       | operands                             | data                             | does                       |
 * | -------- | ------------------------------------ | -------------------------------- | -------------------------- |
 * | PASS     | k, q…                                |                                  | begins a pass, see below   |
 * | DENSE    | k, c, q…, control…                   | matrix, 4^k complex, row by row  | a matrix on k qubits       |
 * | DIAGONAL | k, c, q…, control…                   | 2^k complex                      | a diagonal on k qubits     |
 * | ROTATE   | m, (q, form)…                        | m reals t                        | rotations, one a qubit     |
 * | PHASE    | low, singles, pairs, q…, (q, r)…     | table, singles, pairs (complex)  | a product of phases        |
 * | FLIP     | 1, c, q, control…                    |                                  | X with controls            |
 *
 * - The qubits of an operation are different from each other and from its controls. Those of DENSE, DIAGONAL
 *   and PASS ascend; the j-th of them is bit j of the row and column of the matrix. k of DENSE is 1 to
 *   `DENSE_QUBITS_MAX`, of DIAGONAL 0 (a factor for the whole state) to `DIAGONAL_QUBITS_MAX`.
 * - A control is `2 * qubit + value`: the operation acts where the qubit has this value, and nothing happens
 *   elsewhere. Controls ascend.
 * - ROTATE acts on pairs of amplitudes (a where the qubit is 0, b where it is 1) with a real t, |t| <= 1:
 *   form 0 is a' = a - t b, b' = b + t a; form 1 is the same after exchanging a and b, a' = b - t a,
 *   b' = a + t b. Every unitary of one qubit is one of these between two diagonals, up to a factor
 *   1 / sqrt(1 + t^2), which the planner puts into another operation: one multiplication a number instead of
 *   four. Since t is real, real and imaginary parts do not meet. m is at most `ROTATIONS_MAX`.
 * - PHASE multiplies the amplitude of index i by table[i mod 2^low], by every single factor whose qubit is 1
 *   in i, and by every pair factor both of whose qubits are 1. Qubits of singles are at least `low`; a pair
 *   is (q, r) with q < r and r at least `low`. So what depends on low positions alone is in the table, and a
 *   run of 2^low amplitudes has one product of singles and high pairs, and one factor a low qubit.
 *   low is `PHASE_LOW_MIN` to `PHASE_LOW_MAX`, and at most the number of positions 0, 1, 2 … that the pass lists. The factors need not be of modulus 1:
 *   the table holds what was taken out of rotations.
 * - PASS says that until the next PASS every operation mixes only amplitudes that differ in the k qubits it
 *   lists (a DIAGONAL or PHASE mixes none and may look at any qubit; a control too). So one may take the 2^k
 *   amplitudes of each setting of the other qubits (a tile), run all operations on them while they are in the
 *   cache, and go on to the next tile. Who does not want to ignores PASS and runs one operation after the
 *   other over the whole state; the result is the same. A plan begins with a PASS; each lists at least the
 *   positions 0 to STATE_QUBITS_MIN - 1.
 *
 * Threads: thread j of J takes tiles (or groups of amplitudes) from floor(j N / J) to floor((j + 1) N / J) of
 * the N there are, with a barrier after each pass (or each operation, for who ignores passes). Nothing else
 * is shared but the state, so the result does not depend on J.
 */
export const PASS = 0;
export const DENSE = 1;
export const DIAGONAL = 2;
export const ROTATE = 3;
export const PHASE = 4;
export const FLIP = 5;

export const DENSE_QUBITS_MAX = 4;
export const DIAGONAL_QUBITS_MAX = 6;
export const ROTATIONS_MAX = 34;
export const PHASE_LOW_MIN = 4;
export const PHASE_LOW_MAX = 12;

export interface Plan {
  /** Of the state in memory: at least STATE_QUBITS_MIN. */
  readonly qubits: number;
  readonly code: Int32Array;
  readonly data: Float64Array;
  /** Where each qubit of the circuit stands after the plan: swaps move names, not amplitudes. */
  readonly positions: readonly number[];
}

/** One record, read. Controls stand as in the plan: 2 * qubit + value. */
export type Operation =
  | { readonly op: typeof PASS; readonly qubits: readonly number[] }
  | (Acting & { readonly op: typeof DENSE; readonly matrix: Float64Array })
  | (Acting & { readonly op: typeof DIAGONAL; readonly diagonal: Float64Array })
  | { readonly op: typeof ROTATE; readonly rotations: readonly Rotation[] }
  | PhaseOperation
  | (Acting & { readonly op: typeof FLIP });

interface Acting {
  readonly qubits: readonly number[];
  readonly controls: readonly number[];
}

export interface Rotation {
  readonly qubit: number;
  readonly form: 0 | 1;
  readonly t: number;
}

export interface PhaseOperation {
  readonly op: typeof PHASE;
  readonly low: number;
  readonly table: Float64Array;
  readonly singles: readonly Single[];
  readonly pairs: readonly Pair[];
}

export interface Single {
  readonly qubit: number;
  readonly re: number;
  readonly im: number;
}

export interface Pair {
  readonly low: number;
  readonly high: number;
  readonly re: number;
  readonly im: number;
}
