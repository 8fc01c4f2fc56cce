import { offsetsOf } from '../linear/offsets.ts';
import { blockOf, precisionOf, realAt, type Reals } from './layout.ts';
import {
  DENSE,
  DIAGONAL,
  FLIP,
  PASS,
  PHASE,
  ROTATE,
  type Operation,
  type PhaseOperation,
  type Plan,
  type Rotation,
} from './plan.ts';
import { readPlan } from './planWriter.ts';

/**
 * Runs a plan on a state in plain TypeScript: the executor that every machine has, and the definition of
 * what the others do. It ignores passes. In f64 its sums are in the order of the strict WASM kernels.
 * @param state laid out as layout.ts says, 2^(plan.qubits + 1) numbers
 */
export function interpret(state: Reals, plan: Plan): void {
  if (state.length !== 2 ** (plan.qubits + 1))
    throw new RangeError(`a plan for ${plan.qubits} qubits, a state of ${state.length} numbers`);
  for (const operation of readPlan(plan)) run(state, plan.qubits, operation);
}

function run(state: Reals, qubits: number, operation: Operation): void {
  switch (operation.op) {
    case PASS:
      return;
    case DENSE:
      return dense(state, groupsOf(qubits, operation.qubits, operation.controls), operation.matrix);
    case DIAGONAL:
      return diagonal(
        state,
        groupsOf(qubits, operation.qubits, operation.controls),
        operation.diagonal,
      );
    case ROTATE:
      for (const rotation of operation.rotations) rotate(state, qubits, rotation);
      return;
    case PHASE:
      return phase(state, qubits, operation);
    case FLIP:
      return exchange(state, groupsOf(qubits, operation.qubits, operation.controls));
  }
}

/** The groups of amplitudes that an operation mixes: one a setting of the qubits it does not name. */
interface Groups {
  readonly count: number;
  /** Positions that the index of a group jumps over, ascending. */
  readonly fixed: readonly number[];
  /** The index bits that controls ask for. */
  readonly base: number;
  /** What each setting of the operation's qubits adds to an index. */
  readonly offsets: readonly number[];
}

function groupsOf(qubits: number, acted: readonly number[], controls: readonly number[]): Groups {
  const fixed = [...acted, ...controls.map((control) => control >> 1)].toSorted((a, b) => a - b);
  return {
    count: 2 ** (qubits - fixed.length),
    fixed,
    base: controls.reduce((sum, control) => sum + (control & 1) * 2 ** (control >> 1), 0),
    offsets: offsetsOf(acted),
  };
}

/** The first index of a group: its number with a zero put in at each fixed position. */
function firstOf(groups: Groups, group: number): number {
  let index = group;
  for (const position of groups.fixed) {
    const below = index % 2 ** position;
    index = 2 * (index - below) + below;
  }
  return index + groups.base;
}

function dense(state: Reals, groups: Groups, matrix: Float64Array): void {
  const block = blockOf(precisionOf(state));
  const m = matrix;
  const size = groups.offsets.length;
  const at = new Float64Array(size);
  const before = new Float64Array(2 * size);
  for (let group = 0; group < groups.count; group += 1) {
    const first = firstOf(groups, group);
    for (let row = 0; row < size; row += 1) {
      const where = realAt(first + groups.offsets[row]!, block);
      at[row] = where;
      before[2 * row] = state[where]!;
      before[2 * row + 1] = state[where + block]!;
    }
    for (let row = 0; row < size; row += 1) {
      const entry = 2 * row * size;
      let re = m[entry]! * before[0]! - m[entry + 1]! * before[1]!;
      let im = m[entry]! * before[1]! + m[entry + 1]! * before[0]!;
      for (let k = 2; k < 2 * size; k += 2) {
        re += m[entry + k]! * before[k]!;
        re -= m[entry + k + 1]! * before[k + 1]!;
        im += m[entry + k]! * before[k + 1]!;
        im += m[entry + k + 1]! * before[k]!;
      }
      state[at[row]!] = re;
      state[at[row]! + block] = im;
    }
  }
}

function diagonal(state: Reals, groups: Groups, factors: Float64Array): void {
  const block = blockOf(precisionOf(state));
  for (let group = 0; group < groups.count; group += 1) {
    const first = firstOf(groups, group);
    for (const [row, offset] of groups.offsets.entries())
      times(state, realAt(first + offset, block), block, factors[2 * row]!, factors[2 * row + 1]!);
  }
}

function times(state: Reals, at: number, block: number, re: number, im: number): void {
  const before = state[at]!;
  state[at] = re * before - im * state[at + block]!;
  state[at + block] = re * state[at + block]! + im * before;
}

function rotate(state: Reals, qubits: number, { qubit, form, t }: Rotation): void {
  const block = blockOf(precisionOf(state));
  const groups = groupsOf(qubits, [qubit], []);
  for (let group = 0; group < groups.count; group += 1) {
    const first = firstOf(groups, group);
    const low = realAt(first, block);
    const high = realAt(first + 2 ** qubit, block);
    for (const part of [0, block]) {
      const a = state[(form === 0 ? low : high) + part]!;
      const b = state[(form === 0 ? high : low) + part]!;
      state[low + part] = a - t * b;
      state[high + part] = b + t * a;
    }
  }
}

function exchange(state: Reals, groups: Groups): void {
  const block = blockOf(precisionOf(state));
  for (let group = 0; group < groups.count; group += 1) {
    const first = firstOf(groups, group);
    const a = realAt(first + groups.offsets[0]!, block);
    const b = realAt(first + groups.offsets[1]!, block);
    for (const part of [0, block]) {
      const kept = state[a + part]!;
      state[a + part] = state[b + part]!;
      state[b + part] = kept;
    }
  }
}

/**
 * Runs of 2^low amplitudes: their common factor times table entry is taken first, then the factors that low
 * qubits get from pairs with high ones, in the order of the pairs.
 */
function phase(state: Reals, qubits: number, operation: PhaseOperation): void {
  const { low, table, singles, pairs } = operation;
  const block = blockOf(precisionOf(state));
  const length = 2 ** low;
  const factors = new Float64Array(2 * length);
  for (let high = 0; high < 2 ** (qubits - low); high += 1) {
    factors.set(table);
    const isOne = (qubit: number): boolean => Math.floor(high / 2 ** (qubit - low)) % 2 === 1;
    for (const { qubit, re, im } of singles) if (isOne(qubit)) multiplyWhere(factors, 0, re, im);
    for (const { low: q, high: r, re, im } of pairs) {
      if (!isOne(r)) continue;
      if (q < low) multiplyWhere(factors, 2 ** q, re, im);
      else if (isOne(q)) multiplyWhere(factors, 0, re, im);
    }
    for (let k = 0; k < length; k += 1)
      times(state, realAt(high * length + k, block), block, factors[2 * k]!, factors[2 * k + 1]!);
  }
}

/** Multiplies the factors whose index has all bits of a mask. */
function multiplyWhere(factors: Float64Array, mask: number, re: number, im: number): void {
  for (let k = 0; k < factors.length / 2; k += 1) {
    if ((k & mask) !== mask) continue;
    const before = factors[2 * k]!;
    factors[2 * k] = re * before - im * factors[2 * k + 1]!;
    factors[2 * k + 1] = re * factors[2 * k + 1]! + im * before;
  }
}
