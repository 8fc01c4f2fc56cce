import { CircuitError } from '@anarq/circuit';
import { Random } from '../random.ts';
import type { Expectation, Observable, Outcome, Task, TellProgress } from '../task.ts';
import { compile } from './compile.ts';
import { Counts } from './counts.ts';
import { expectationOf } from './expectation.ts';
import { productOf, type PauliProduct } from './pauliProduct.ts';
import type { Program } from './program.ts';
import { Sampler } from './sampler.ts';
import { Shot } from './shot.ts';

/**
 * Runs a task by the stabiliser method: Clifford gates, measurement, reset, Pauli noise, and whatever
 * follows from results. Expectation values are computed where what is done does not depend on results
 * otherwise than by Pauli gates, and else sampled.
 * @throws CircuitError UNSUPPORTED where a gate is not Clifford or a channel no mixture of Pauli errors,
 *   and where expectation values have to be sampled but no shots are asked for; SEMANTICS; LIMIT
 */
export function runStabiliser(task: Task, progress?: TellProgress): Outcome {
  const program = compile(task.circuit);
  const terms = (task.observables ?? []).map((observable) => termsOf(program, observable));
  const told = (done: number): void => progress?.({ part: 'shots', done, total: task.shots });
  return program.flow === 'free'
    ? oneByOne(task, program, terms, told)
    : inBatches(task, program, terms, told);
}

/** Is told how many shots are done. */
type Told = (done: number) => void;

/** By Pauli frames, and expectation values computed. */
function inBatches(
  task: Task,
  program: Program,
  terms: readonly (readonly Term[])[],
  told: Told,
): Outcome {
  const counts = new Counts(task.circuit);
  if (task.shots > 0) {
    const sampler = new Sampler(program);
    const size = sampler.shotsPerBatch;
    for (let done = 0; done < task.shots; done += size) {
      told(done);
      counts.addAll(sampler.bits(task.seed, done / size, Math.min(size, task.shots - done)));
    }
  }
  const expectations = terms.map((products) => ({
    value: sum(products, (product) => expectationOf(program, product)),
    standardError: 0,
  }));
  return { counts: counts.counts, expectations };
}

/** Each shot on a tableau of its own. */
function oneByOne(
  task: Task,
  program: Program,
  terms: readonly (readonly Term[])[],
  told: Told,
): Outcome {
  const { circuit, shots, seed } = task;
  if (terms.length > 0 && shots === 0)
    throw new CircuitError(
      'UNSUPPORTED',
      'The circuit decides by its results what it does: expectation values of it are sampled, so ask for shots.',
    );
  const counts = new Counts(circuit);
  const averages = terms.map(() => new Average());
  const shot = new Shot(program);
  for (let k = 0; k < shots; k += 1) {
    told(k);
    const random = new Random(seed, k);
    shot.run({ result: () => random.u32() & 1, noise: random });
    counts.add((bit) => shot.bits[bit]!);
    for (const [at, average] of averages.entries())
      average.add(sum(terms[at]!, (product) => shot.tableau.expectation(product)));
  }
  return { counts: counts.counts, expectations: averages.map((average) => average.expectation()) };
}

interface Term {
  readonly coefficient: number;
  readonly product: PauliProduct;
}

const termsOf = ({ qubits }: Program, observable: Observable): Term[] =>
  observable.map(({ coefficient, factors }) => ({
    coefficient,
    product: productOf(qubits, factors),
  }));

const sum = (terms: readonly Term[], of: (product: PauliProduct) => number): number =>
  terms.reduce((total, { coefficient, product }) => total + coefficient * of(product), 0);

/** The mean of values, and its standard error, by Welford's recurrence. */
class Average {
  #count = 0;
  #mean = 0;
  #squares = 0;

  add(value: number): void {
    this.#count += 1;
    const off = value - this.#mean;
    this.#mean += off / this.#count;
    this.#squares += off * (value - this.#mean);
  }

  expectation(): Expectation {
    const n = this.#count;
    const standardError = n < 2 ? 0 : Math.sqrt(this.#squares / (n - 1) / n);
    return { value: this.#mean, standardError };
  }
}
