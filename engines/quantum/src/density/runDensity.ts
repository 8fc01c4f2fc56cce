import { CircuitError } from '@anarq/circuit';
import { cumulated, indexFor } from '../dense/sampling.ts';
import {
  compile,
  countKey,
  keyOf,
  valueOf,
  type Measure,
  type Program,
} from '../interpreter/index.ts';
import { Random } from '../random.ts';
import type { Outcome, Task, TellProgress } from '../task.ts';
import { followBranches, type BranchOptions } from './branches.ts';

/** What is kept of a leaf once its state is gone. */
interface Ending {
  readonly weight: number;
  readonly bits: Uint8Array;
  /** The probabilities of basis states, where there are measurements at the end. */
  readonly probabilities: Float64Array | undefined;
  readonly measures: readonly Measure[];
}

const MEMORY_DEFAULT_BYTES = 2 ** 31;
/** Shots between two that are told of. */
const BLOCK = 4_096;
/** Outcomes of a distribution that is given in full. */
const OUTCOMES_MAX = 2 ** 20;

/**
 * Runs a task on a density matrix: noise is exact, shots are drawn from the exact distribution, and
 * expectation values have no error of sampling.
 * @throws CircuitError LIMIT where it takes more than the memory
 */
export function runDensity(
  task: Task,
  memoryLimit_bytes = MEMORY_DEFAULT_BYTES,
  progress?: TellProgress,
): Outcome {
  const program = compile(task.circuit);
  const { endings, values } = endingsOf(program, task.observables ?? [], {
    memoryLimit_bytes,
    progress,
  });
  const counts = new Map<string, number>();
  const random = new Random(task.seed);
  const uniform = (): number => random.uniform();
  const weights = cumulated(endings.length, (k) => endings[k]!.weight);
  const sums = endings.map(({ probabilities }) =>
    probabilities === undefined || task.shots === 0
      ? undefined
      : cumulated(probabilities.length, (k) => Math.max(0, probabilities[k]!)),
  );
  for (let shot = 0; shot < task.shots; shot += 1) {
    if (shot % BLOCK === 0) progress?.({ part: 'shots', done: shot, total: task.shots });
    const chosen = indexFor(weights, uniform());
    const { bits, measures } = endings[chosen]!;
    const all = sums[chosen];
    const index = all === undefined ? 0 : indexFor(all, uniform());
    for (const one of measures) {
      const isFlipped = one.flip > 0 && uniform() < one.flip;
      tell(bits, one, (index >> one.qubit) & 1, isFlipped);
    }
    countKey(counts, keyOf(bits, program.keyOrder));
  }
  return { counts, expectations: values.map((value) => ({ value, standardError: 0 })) };
}

/**
 * The probability of every outcome, by its key in `Outcome.counts`. What is less likely than 1e-14 may be
 * absent.
 * @throws CircuitError LIMIT where it takes more than the memory
 * @throws RangeError for more than a million outcomes
 */
export function exactDistribution(
  task: Pick<Task, 'circuit'>,
  memoryLimit_bytes = MEMORY_DEFAULT_BYTES,
): ReadonlyMap<string, number> {
  const program = compile(task.circuit);
  const { endings } = endingsOf(program, [], { memoryLimit_bytes });
  const result = new Map<string, number>();
  const add = (ending: Ending, at: number, index: number, probability: number): void => {
    if (probability <= 1e-14) return;
    const one = ending.measures[at];
    if (one === undefined) {
      countKey(result, keyOf(ending.bits, program.keyOrder), probability);
      if (result.size > OUTCOMES_MAX) throw new RangeError(`more than ${OUTCOMES_MAX} outcomes`);
      return;
    }
    const found = (index >> one.qubit) & 1;
    for (const isFlipped of one.flip > 0 ? [false, true] : [false]) {
      tell(ending.bits, one, found, isFlipped);
      add(ending, at + 1, index, probability * (isFlipped ? one.flip : 1 - one.flip));
    }
  };
  for (const ending of endings)
    for (const [index, probability] of (ending.probabilities ?? [1]).entries())
      add(ending, 0, index, ending.weight * probability);
  return result;
}

function tell(bits: Uint8Array, { bit, inverted }: Measure, found: number, flip: boolean): void {
  if (bit !== undefined) bits[bit] = found ^ (inverted ? 1 : 0) ^ (flip ? 1 : 0);
}

function endingsOf(
  program: Program,
  observables: NonNullable<Task['observables']>,
  options: BranchOptions,
): { readonly endings: readonly Ending[]; readonly values: readonly number[] } {
  const endings: Ending[] = [];
  const values = observables.map(() => 0);
  let kept_bytes = 0;
  const { memoryLimit_bytes } = options;
  followBranches(program, options, ({ weight, bits, state, measures }) => {
    const size = measures.length > 0 ? 2 ** program.qubits : 0;
    kept_bytes += 8 * size + bits.length;
    if (kept_bytes > memoryLimit_bytes)
      throw new CircuitError(
        'LIMIT',
        `The outcomes of ${endings.length} branches take more than ${memoryLimit_bytes} bytes; trajectories keep none.`,
      );
    endings.push({
      weight,
      bits,
      measures,
      probabilities:
        size === 0
          ? undefined
          : Float64Array.from({ length: size }, (_, k) => state.probabilityOf(k)),
    });
    const measured = new Set(measures.map(({ qubit }) => qubit));
    for (const [k, observable] of observables.entries())
      values[k]! += weight * valueOf(state, observable, measured);
  });
  return { endings, values };
}
