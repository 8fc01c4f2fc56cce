import { counter, histogram, QError } from '@anarq/common-schemas';
import { EXECUTORS, RUN_METHODS } from './models.ts';

const MIB = 2 ** 20;

/** How runs ended; those that are to be tried again have not. */
export const runsEnded = counter('q_quantum_runs_total', 'Runs of circuits that ended, by how.', {
  outcome: ['done', 'failed', 'cancelled', 'refused'],
});
type RunOutcome = (typeof runsEnded)['labels']['outcome'][number];

/** From reading the circuit in a worker to its result: what is charged. */
export const runDuration = histogram(
  'q_quantum_run_duration_seconds',
  'Time that runs computed until they were done.',
  {
    labels: { method: RUN_METHODS, executor: EXECUTORS },
    borders: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1_000, 3_600],
  },
);

export const runWait = histogram(
  'q_quantum_run_wait_seconds',
  'Time that runs waited for memory and a processor, once they were admitted.',
  { labels: {}, borders: [0.001, 0.01, 0.1, 1, 10, 60, 600, 3_600] },
);

export const runMemory = histogram(
  'q_quantum_run_memory_bytes',
  'Memory that was reserved for runs that were done.',
  { labels: {}, borders: [1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536].map((n) => n * MIB) },
);

export const shotsTaken = counter('q_quantum_shots_total', 'Shots of runs that were done.', {
  method: RUN_METHODS,
});

export const metrics = [runsEnded, runDuration, runWait, runMemory, shotsTaken];

/** Labels of a run, of the names that its result bears: 'native avx2 f32, 2 threads'. */
export const labelsOf = (
  method: string,
  executor: string,
): {
  readonly method: (typeof RUN_METHODS)[number];
  readonly executor: (typeof EXECUTORS)[number];
} => ({
  method: RUN_METHODS.find((known) => known === method) ?? 'statevector',
  executor: EXECUTORS.find((kind) => executor.startsWith(kind)) ?? 'typescript',
});

/**
 * As what an error of a run counts; undefined where the run is tried again, or has a defect, which
 * `q_processes` tells of.
 * @param hasBegun it was admitted and paid for: what comes now is no refusal
 */
export function outcomeOf(error: unknown, hasBegun: boolean): RunOutcome | undefined {
  if (!(error instanceof QError) || error.retryable) return undefined;
  if (error.code === 'CANCELLED') return 'cancelled';
  return hasBegun ? 'failed' : 'refused';
}
