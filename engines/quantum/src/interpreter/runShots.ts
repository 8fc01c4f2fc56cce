import { Random } from '../random.ts';
import type { Expectation, Observable, Outcome, TellProgress } from '../task.ts';
import { countKey, keyOf } from './key.ts';
import { Machine } from './machine.ts';
import { valueOf } from './observable.ts';
import type { Uniform } from './perform.ts';
import type { Program, QuantumOperation } from './program.ts';
import type { QuantumState } from './state.ts';
import { tailFrom, tellAll, type Tail } from './tail.ts';
import { walk } from './walks.ts';

/** How walks are made, for methods that walk. */
export interface WalkOptions {
  /** How many final states are averaged for observables where they differ and `shots` is 0. */
  readonly trajectories?: number;
  /** States that walks may hold beside the first one; see `walk`. */
  readonly copiesMax?: number;
  readonly progress?: TellProgress;
}

export interface Shots extends WalkOptions {
  readonly shots: number;
  readonly seed: bigint;
  readonly observables: readonly Observable[];
}

export const TRAJECTORIES_DEFAULT = 1_000;
const COPIES_DEFAULT = 16;
/** Shots that are drawn from one final state with one stream of random numbers. */
const BLOCK = 4_096;

/**
 * Runs a program on pure states. What comes before the first random event is run once; where nothing
 * but measurements comes after, all shots are drawn from one state, else each goes on with a copy of it.
 * @param state |0…0>
 * @throws CircuitError as `Machine.next` does
 */
export function runShots(program: Program, state: QuantumState, task: Shots): Outcome {
  const machine = new Machine(program);
  const gates = new Gates(program, task.progress);
  const first = runUntilRandom(machine, state, gates);
  const tail = first === undefined ? NO_TAIL : tailFrom(program, machine.at, 'gates');
  if (tail !== undefined) return draw({ program, machine, state, gates }, tail, task);
  return walkAll(machine, state, first!, task);
}

const NO_TAIL: Tail = { rest: [], measures: [] };

/** Counts the gates that were applied before anything was measured; loops may make more of them than are written. */
class Gates {
  readonly #written: number;
  readonly #tell: TellProgress | undefined;
  #done = 0;

  constructor({ code }: Program, tell: TellProgress | undefined) {
    this.#written = code.filter(({ op }) => op === 'apply').length;
    this.#tell = tell;
  }

  count(): void {
    this.#done += 1;
    const total = Math.max(this.#done, this.#written);
    this.#tell?.({ part: 'gates', done: this.#done, total });
  }
}

/** Applies what is certain, and answers the first operation that is not. */
function runUntilRandom(
  machine: Machine,
  state: QuantumState,
  gates: Gates,
): QuantumOperation | undefined {
  for (let one = machine.next(); one !== undefined; one = machine.next()) {
    if (one.op !== 'apply') return one;
    state.apply(one.matrix, one.qubits, one.controls);
    gates.count();
  }
  return undefined;
}

interface Begun {
  readonly program: Program;
  readonly machine: Machine;
  readonly state: QuantumState;
  readonly gates: Gates;
}

/** Shots of one state: measurements commute with what stands between them, so it is all applied first. */
function draw(
  { program, machine, state, gates }: Begun,
  { rest, measures }: Tail,
  { shots, seed, observables, progress }: Shots,
): Outcome {
  for (const one of rest)
    if (one.op === 'apply') {
      state.apply(one.matrix, one.qubits, one.controls);
      gates.count();
    }
  const counts = new Map<string, number>();
  const results = new Uint8Array(program.qubits);
  const bits = machine.bits.slice();
  const sample = shots > 0 && measures.length > 0 ? state.sampler() : undefined;
  let random = new Random(seed);
  const uniform: Uniform = () => random.uniform();
  for (let shot = 0; shot < shots; shot += 1) {
    if (shot % BLOCK === 0) {
      random = new Random(seed, shot / BLOCK);
      progress?.({ part: 'shots', done: shot, total: shots });
    }
    sample?.(uniform, results);
    tellAll(bits, measures, results, uniform);
    countKey(counts, keyOf(bits, program.keyOrder));
  }
  const measured = new Set(measures.map(({ qubit }) => qubit));
  const expectations = observables.map((observable) => ({
    value: valueOf(state, observable, measured),
    standardError: 0,
  }));
  return { counts, expectations, ...discardedOf(state.discardedWeight) };
}

const discardedOf = (weight: number | undefined): Pick<Outcome, 'discardedWeight'> =>
  weight === undefined ? {} : { discardedWeight: weight };

/** One walk a shot, each with a stream of random numbers of its own. */
function walkAll(
  machine: Machine,
  state: QuantumState,
  first: QuantumOperation,
  task: Shots,
): Outcome {
  const { shots, seed, observables } = task;
  const { trajectories = TRAJECTORIES_DEFAULT, copiesMax = COPIES_DEFAULT, progress } = task;
  let done = 0;
  const counts = new Map<string, number>();
  const means = observables.map(() => new Mean());
  const discarded = new Mean();
  const count = shots > 0 || observables.length === 0 ? shots : trajectories;
  walk({ machine, state, first }, count, seed, copiesMax, {
    count: (bits, times) => {
      if (shots > 0) countKey(counts, keyOf(bits, machine.program.keyOrder), times);
      done += times;
      progress?.({ part: 'shots', done, total: count });
    },
    end: ({ state: final, walks, measured }) => {
      discarded.add(final.discardedWeight ?? 0, walks);
      for (const [k, observable] of observables.entries())
        means[k]!.add(valueOf(final, observable, measured), walks);
    },
  });
  const isCut = state.discardedWeight !== undefined;
  return {
    counts,
    expectations: means.map((mean) => mean.expectation()),
    ...discardedOf(isCut ? discarded.expectation().value : undefined),
  };
}

/** Mean and standard error of numbers that come one by one (Welford, Technometrics 4, 419). */
class Mean {
  #count = 0;
  #mean = 0;
  #squares = 0;

  add(value: number, times: number): void {
    this.#count += times;
    const change = value - this.#mean;
    this.#mean += (change * times) / this.#count;
    this.#squares += times * change * (value - this.#mean);
  }

  expectation(): Expectation {
    const variance = this.#count > 1 ? this.#squares / (this.#count - 1) : 0;
    return { value: this.#mean, standardError: Math.sqrt(variance / Math.max(1, this.#count)) };
  }
}
