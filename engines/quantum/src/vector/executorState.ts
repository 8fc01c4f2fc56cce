import type { Control, Matrix } from '@anarq/circuit';
import { parityOf, pauliMasks, realTimesI } from '../dense/pauliMasks.ts';
import { cumulated, indexFor } from '../dense/sampling.ts';
import { projector, type QuantumState } from '../interpreter/index.ts';
import type { Executor } from '../stateVector/executor.ts';
import {
  blockOf,
  paddedQubits,
  precisionOf,
  realAt,
  STATE_QUBITS_MIN,
  type Reals,
} from '../stateVector/layout.ts';
import { DENSE_QUBITS_MAX, type Plan } from '../stateVector/plan.ts';
import { partsOf } from '../stateVector/planWriter.ts';
import { originalPositions, planSteps } from '../stateVector/planner.ts';
import type { Step } from '../stateVector/step.ts';
import type { PauliFactor, TellProgress } from '../task.ts';
import { applyWide } from './wide.ts';

/** Steps that wait for each other before they are planned and run together. */
const STEPS_MAX = 20_000;
/** Of the sums that shots are looked up in; within one, amplitudes are added one by one. */
const SUMS_MAX = 2 ** 20;
/** Numbers that are passed over between two times that progress is told: tens of milliseconds. */
const PASSED_AT_ONCE = 2 ** 26;
/** Positions that are in every tile; see `PlanOptions`. */
const ROW_QUBITS = 8;

/**
 * A state vector on an executor. Steps are gathered, planned and run when something is asked of the state;
 * so a circuit that is measured at its end is planned as a whole.
 */
export class ExecutorState implements QuantumState {
  readonly qubits: number;
  readonly #executor: Executor;
  readonly #state: Reals;
  readonly #progress: TellProgress | undefined;
  #positions: readonly number[];
  #steps: Step[] = [];

  private constructor(
    executor: Executor,
    qubits: number,
    state: Reals,
    positions: readonly number[],
    progress?: TellProgress,
  ) {
    this.#executor = executor;
    this.qubits = qubits;
    this.#state = state;
    this.#positions = positions;
    this.#progress = progress;
  }

  /**
   * |0…0>, in memory of the executor until `release`.
   * @param progress is told of the passes over this state, but not over its clones
   */
  static zero(executor: Executor, qubits: number, progress?: TellProgress): ExecutorState {
    const state = executor.allocate(paddedQubits(qubits));
    return new ExecutorState(executor, qubits, state, originalPositions(qubits), progress);
  }

  apply(matrix: Matrix, qubits: readonly number[], controls: readonly Control[]): void {
    const step = { matrix, qubits, controls };
    if (qubits.length <= DENSE_QUBITS_MAX) {
      this.#steps.push(step);
      if (this.#steps.length >= STEPS_MAX) this.#flush();
      return;
    }
    this.#flush();
    applyWide(this.#state, step, this.#positions);
  }

  probabilityOfOne(qubit: number): number {
    const z = this.expectation([{ qubit, pauli: 'Z' }]);
    return Math.min(1, Math.max(0, (1 - z) / 2));
  }

  collapse(qubit: number, value: 0 | 1, probability: number): void {
    this.apply(projector(value, probability), [qubit], []);
  }

  /** From the expectation values of all Pauli products on the qubits, of which it is the sum. */
  reduced(qubits: readonly number[]): Matrix {
    const size = 2 ** qubits.length;
    const rho = new Float64Array(2 * size * size);
    for (let x = 0; x < size; x += 1)
      for (let z = 0; z < size; z += 1) {
        const factors = qubits.flatMap((qubit, k) => factorOf(qubit, (x >> k) & 1, (z >> k) & 1));
        const value = this.expectation(factors) / size;
        const ys = factors.filter(({ pauli }) => pauli === 'Y').length;
        for (let column = 0; column < size; column += 1) {
          // P takes |column> to i^ys (-1)^(column & z) |column ^ x>.
          const to = 2 * ((column ^ x) * size + column);
          const signed = value * (1 - 2 * parityOf(column & z));
          rho[to]! += realTimesI(ys, signed, 0);
          rho[to + 1]! += realTimesI(ys + 3, signed, 0);
        }
      }
    return rho;
  }

  expectation(factors: readonly PauliFactor[]): number {
    this.#flush();
    const { flips, signs, ys } = pauliMasks(factors, (qubit) => this.#positions[qubit]!);
    const [re, im] = this.#executor.overlap(this.#state, this.#state, flips, signs);
    return realTimesI(ys, re, im);
  }

  clone(): ExecutorState {
    this.#flush();
    const state = this.#executor.allocate(paddedQubits(this.qubits));
    state.set(this.#state);
    return new ExecutorState(this.#executor, this.qubits, state, this.#positions);
  }

  release(): void {
    this.#executor.release(this.#state);
  }

  sampler(): (uniform: () => number, into: Uint8Array) => void {
    this.#flush();
    const state = this.#state;
    const positions = this.#positions;
    const block = blockOf(precisionOf(state));
    const padded = paddedQubits(this.qubits);
    const chunk = Math.max(STATE_QUBITS_MIN, padded - Math.log2(SUMS_MAX));
    const weights = this.#executor.weights(state, chunk);
    const sums = cumulated(weights.length, (k) => weights[k]!);
    return (uniform, into) => {
      const wanted = uniform() * sums[sums.length - 1]!;
      const run = indexFor(sums, wanted / sums[sums.length - 1]!);
      let left = wanted - (run === 0 ? 0 : sums[run - 1]!);
      let index = run * 2 ** chunk;
      let chosen = index;
      for (const end = index + 2 ** chunk; index < end; index += 1) {
        const at = realAt(index, block);
        const weight = state[at]! ** 2 + state[at + block]! ** 2;
        if (weight > 0) chosen = index;
        left -= weight;
        if (left < 0) break;
      }
      for (let qubit = 0; qubit < positions.length; qubit += 1)
        into[qubit] = Math.floor(chosen / 2 ** positions[qubit]!) % 2;
    };
  }

  #flush(): void {
    if (this.#steps.length === 0) return;
    const { tileQubits } = this.#executor;
    const plan = planSteps(this.#steps, this.#positions, { tileQubits, rowQubits: ROW_QUBITS });
    this.#run(plan);
    this.#positions = plan.positions.slice(0, this.qubits);
    this.#steps = [];
  }

  /** In one go, or so many passes at once as take long enough to be told of. */
  #run(plan: Plan): void {
    if (this.#progress === undefined) return this.#executor.run(this.#state, plan);
    const passes = Math.ceil(PASSED_AT_ONCE / this.#state.length);
    for (const { part, done, total } of partsOf(plan, passes)) {
      this.#executor.run(this.#state, part);
      this.#progress({ part: 'passes', done, total });
    }
  }
}

function factorOf(qubit: number, x: number, z: number): readonly PauliFactor[] {
  if (x === 0 && z === 0) return [];
  return [{ qubit, pauli: x === 0 ? 'Z' : z === 0 ? 'X' : 'Y' }];
}
