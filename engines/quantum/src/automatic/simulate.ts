import { runDensity } from '../density/index.ts';
import { runMps } from '../mps/index.ts';
import { runSparse } from '../sparse/index.ts';
import { runStabiliser } from '../stabiliser/index.ts';
import type { Executor } from '../stateVector/executor.ts';
import { runTrajectories } from '../trajectories/index.ts';
import { ExecutorState } from '../vector/index.ts';
import type { Outcome, Task, TellProgress } from '../task.ts';
import { chooseMethod, type Choice, type ChoiceOptions } from './chooseMethod.ts';

export interface SimulateOptions extends Omit<ChoiceOptions, 'shots' | 'observables'> {
  /** Runs state vectors, for `statevector` and `trajectories`; plain TypeScript in f64 unless given. */
  readonly executor?: Executor;
  readonly progress?: TellProgress;
  /** What singular values a matrix product state may lose; see `Cut`. */
  readonly cutOff?: number;
}

/** An outcome with how it came about. */
export interface Simulated extends Choice {
  readonly outcome: Outcome;
}

/**
 * Runs a task by the method asked for, or by the one that `chooseMethod` chooses.
 * @throws CircuitError LIMIT where it does not fit, before anything is allocated, or where a bound proves
 * too small while it runs
 */
export function simulate(task: Task, options: SimulateOptions): Simulated {
  const { shots, observables = [] } = task;
  const choice = chooseMethod(task.circuit, { ...options, shots, observables });
  return { ...choice, outcome: runBy(choice, task, options) };
}

function runBy({ method, copies = 2 }: Choice, task: Task, options: SimulateOptions): Outcome {
  const { trajectories, progress, bondMax, entriesMax, cutOff, executor, memoryLimit_bytes } =
    options;
  const walks = { ...given({ trajectories }), ...given({ progress }) };
  switch (method) {
    case 'stabiliser':
      return runStabiliser(task, progress);
    case 'density':
      return runDensity(task, memoryLimit_bytes, progress);
    case 'statevector':
    case 'trajectories': {
      const copiesMax = copies - 1;
      if (executor === undefined) return runTrajectories(task, { ...walks, copiesMax });
      return runTrajectories(task, {
        ...walks,
        copiesMax,
        makeState: (qubits) => ExecutorState.zero(executor, qubits, progress),
        // It gathers gates and tells its passes.
        progress: (told) => (told.part === 'gates' ? undefined : progress?.(told)),
      });
    }
    case 'mps':
      return runMps(task, { ...walks, ...given({ bondMax }), ...given({ cutOff }) });
    case 'sparse':
      return runSparse(task, { ...walks, ...given({ entriesMax }) });
  }
}

/** An option that is given, or none. */
const given = <Options extends object>(options: Options): Given<Options> =>
  // What is left has no member without a value.
  Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as Given<Options>;

type Given<Options> = { readonly [Name in keyof Options]?: Exclude<Options[Name], undefined> };
