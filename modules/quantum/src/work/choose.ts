import { CircuitError, type Circuit } from '@anarq/circuit';
import {
  chooseMethod,
  simulate,
  speedsOn,
  type Choice,
  type ChoiceOptions,
  type Observable,
  type Outcome,
  type Speeds,
  type TellProgress,
} from '@anarq/quantum-engine';
import type { MethodName } from '../models.ts';
import { executorFor } from './executors.ts';
import type { Plan, Precision } from './orders.ts';
import { isOfVectors } from './vectors.ts';

interface Asked {
  readonly circuit: Circuit;
  readonly shots: number;
  readonly observables: readonly Observable[];
  readonly precision: Precision;
  readonly method: MethodName | undefined;
  readonly threads: number | undefined;
  readonly strict: boolean;
  /** What states may take. */
  readonly memory_bytes: number;
  readonly speeds?: Speeds | undefined;
}

type Chosen = Pick<Plan, 'method' | 'why' | 'memory_bytes' | 'duration_us' | 'alternatives'>;

/** What computes where nothing faster is plugged in. */
const PLAIN = 'typescript f64';

/** What is expected to take longer is not begun: a week. */
const EXPECTED_MAX_H = 168;
const US_PER_H = 3_600_000_000;

/**
 * Says by which method a task will be run, and what that takes; allocates nothing.
 * @throws CircuitError LIMIT where nothing fits into the memory, with the numbers
 */
export const choose = (asked: Asked): Chosen =>
  chosenOf(chooseMethod(asked.circuit, optionsOf(asked)));

/** @throws CircuitError as `choose` does, or where a bound proves too small while it runs */
export async function compute(
  asked: Asked & { readonly seed: bigint; readonly progress?: TellProgress | undefined },
): Promise<Chosen & { readonly outcome: Outcome; readonly executor: string }> {
  const { circuit, shots, observables, seed, precision, threads = 1, strict, progress } = asked;
  const options = optionsOf(asked);
  const { method, duration_us } = chosenOf(chooseMethod(circuit, options));
  const expected_h = Math.round(duration_us / US_PER_H);
  if (expected_h > EXPECTED_MAX_H)
    throw new CircuitError(
      'LIMIT',
      `By the method ${method} the run is expected to take ${expected_h} h, and ${EXPECTED_MAX_H} h are the most: ask for fewer shots, gates or repetitions.`,
    );
  const executor = await executorFor({
    method,
    qubits: circuit.qubits,
    precision,
    threads,
    strict,
  });
  const { outcome, ...choice } = simulate(
    { circuit, shots, seed, observables },
    // As it was chosen, so that nothing else is computed than what was opened.
    {
      ...options,
      method,
      ...(executor === undefined ? {} : { executor }),
      ...(progress === undefined ? {} : { progress }),
    },
  );
  return { ...chosenOf(choice), outcome, executor: executor?.name ?? PLAIN };
}

/**
 * Measures the executor that large state vectors are run with.
 * @throws Error where there is none, which is never
 */
export async function measureSpeeds(kind: {
  readonly precision: Precision;
  readonly threads: number;
  readonly strict: boolean;
}): Promise<Speeds> {
  const executor = await executorFor({ method: 'statevector', qubits: 19, ...kind });
  if (executor === undefined) throw new Error('large states have an executor');
  return speedsOn(executor, () => performance.now());
}

/** What a strict run may have of state vectors: a memory of WASM ends at 4 GiB, and plans run in it too. */
const STRICT_BYTES_MAX = 2 ** 32 - 2 ** 28;

/**
 * By what a method is chosen. For the same bits everywhere it is chosen neither by the number of threads nor by
 * what a machine measured of itself; and as many states are held at once as the memory of WASM has room for,
 * whatever the machine has, since that decides in which order walks are added up.
 * @throws CircuitError LIMIT where they do not fit, or as `chooseMethod` does
 */
function optionsOf(asked: Asked): ChoiceOptions {
  const options = plainOptionsOf(asked);
  if (!asked.strict) return options;
  const anywhere = plainOptionsOf({ ...asked, threads: undefined, speeds: undefined });
  const { method } = chooseMethod(asked.circuit, anywhere);
  if (!isOfVectors(method)) return { ...options, method };
  const strict = { ...options, method, memoryLimit_bytes: STRICT_BYTES_MAX };
  const { memory_bytes } = strictChoice(asked.circuit, strict);
  if (memory_bytes <= asked.memory_bytes) return strict;
  throw new CircuitError(
    'LIMIT',
    `A strict run holds as many states at once as on every machine, here ${memory_bytes} bytes, and the limit is ${asked.memory_bytes}.`,
  );
}

function strictChoice(circuit: Circuit, options: ChoiceOptions): Choice {
  try {
    return chooseMethod(circuit, options);
  } catch (error) {
    if (!(error instanceof CircuitError)) throw error;
    throw new CircuitError(
      error.code,
      `${error.message} A strict run has its state vectors in WebAssembly, whose memory ends at 4 GiB: ask for f32, for another method, or for a run that is not strict.`,
    );
  }
}

const plainOptionsOf = ({
  shots,
  observables,
  precision,
  method,
  threads,
  memory_bytes,
  speeds,
}: Asked): ChoiceOptions => ({
  shots,
  observables,
  precision,
  memoryLimit_bytes: memory_bytes,
  // Speeds that were measured are those of all threads.
  ...(speeds === undefined ? (threads === undefined ? {} : { threads }) : { speeds }),
  ...(method === undefined || method === 'automatic' ? {} : { method }),
});

const chosenOf = ({ method, why, memory_bytes, duration_ms, alternatives }: Choice): Chosen => ({
  method,
  why,
  memory_bytes: Math.ceil(memory_bytes),
  duration_us: Math.ceil(duration_ms * 1_000),
  alternatives: alternatives.map((one) => ({
    method: one.method,
    isPossible: one.possible,
    why: one.why,
    // What is beyond counting is told in words alone.
    ...(Number.isSafeInteger(Math.ceil(one.memory_bytes))
      ? { memory_bytes: Math.ceil(one.memory_bytes) }
      : {}),
    ...(Number.isSafeInteger(Math.ceil(one.duration_ms * 1_000))
      ? { duration_us: Math.ceil(one.duration_ms * 1_000) }
      : {}),
  })),
});
