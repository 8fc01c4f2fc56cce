import { CircuitError, type Circuit } from '@anarq/circuit';
import { TRAJECTORIES_DEFAULT } from '../interpreter/index.ts';
import { MPS_BOND_DEFAULT } from '../mps/index.ts';
import { SPARSE_ENTRIES_DEFAULT } from '../sparse/index.ts';
import type { Precision } from '../stateVector/layout.ts';
import type { Observable } from '../task.ts';
import { candidatesOf, type Candidate } from './candidates.ts';
import type { Method } from './methods.ts';
import { profileOf } from './profile.ts';
import { SPEEDS_DEFAULT, type Speeds } from './speeds.ts';
import { countText, durationText } from './text.ts';

export interface ChoiceOptions {
  readonly shots: number;
  readonly observables?: readonly Observable[];
  /** What the states of a run may take. */
  readonly memoryLimit_bytes: number;
  /** Of state vectors; f64 unless said otherwise. */
  readonly precision?: Precision;
  readonly threads?: number;
  /** Asks for this method, or none other. */
  readonly method?: Method;
  /** The largest bond of a matrix product state. */
  readonly bondMax?: number;
  /** Nonzero amplitudes of a sparse state. */
  readonly entriesMax?: number;
  /** Trajectories where observables are asked for without shots. */
  readonly trajectories?: number;
  /** What this machine can do, with an executor as `speedsOn` measured it. */
  readonly speeds?: Speeds;
}

export interface Choice {
  readonly method: Method;
  /** A sentence with numbers. */
  readonly why: string;
  readonly memory_bytes: number;
  readonly duration_ms: number;
  /** For state vectors: how many are held at once. */
  readonly copies?: number;
  readonly alternatives: readonly Candidate[];
}

/** How much less a method's estimate is trusted: those of the last two are upper bounds. */
const HANDICAP: Readonly<Record<Method, number>> = {
  stabiliser: 1,
  statevector: 1,
  density: 1,
  trajectories: 1,
  sparse: 2,
  mps: 4,
};

/**
 * Chooses how a circuit is simulated, and says what it will take, before anything is allocated for it. Of
 * the methods that are possible and exact it is the one that is expected to take the least time; one that
 * cuts off is chosen only where no other is possible.
 * @throws CircuitError LIMIT where no method fits, or the one asked for does not: with the numbers of each
 */
export function chooseMethod(circuit: Circuit, options: ChoiceOptions): Choice {
  const candidates = candidatesOf({
    circuit,
    profile: profileOf(circuit),
    shots: options.shots,
    observables: options.observables?.length ?? 0,
    trajectories: options.trajectories ?? TRAJECTORIES_DEFAULT,
    memoryLimit_bytes: options.memoryLimit_bytes,
    precision: options.precision ?? 'f64',
    threads: options.threads ?? 1,
    bondMax: options.bondMax ?? MPS_BOND_DEFAULT,
    entriesMax: options.entriesMax ?? SPARSE_ENTRIES_DEFAULT,
    speeds: options.speeds ?? SPEEDS_DEFAULT,
  });
  const chosen = best(candidates, options.method);
  if (chosen === undefined) throw refusal(circuit, candidates, options.method);
  const { method, why, memory_bytes, duration_ms, copies } = chosen;
  return {
    method,
    why: `${capitalised(why)}; about ${durationText(duration_ms)} are expected.`,
    memory_bytes,
    duration_ms,
    ...(copies === undefined ? {} : { copies }),
    alternatives: candidates.filter((candidate) => candidate !== chosen),
  };
}

function best(candidates: readonly Candidate[], asked: Method | undefined): Candidate | undefined {
  if (asked !== undefined)
    return candidates.find(({ method, possible }) => method === asked && possible);
  const possible = candidates.filter((candidate) => candidate.possible);
  const exact = possible.filter(({ isExact }) => isExact);
  return (exact.length > 0 ? exact : possible).toSorted(
    (a, b) => HANDICAP[a.method] * a.duration_ms - HANDICAP[b.method] * b.duration_ms,
  )[0];
}

function refusal(
  { qubits }: Circuit,
  candidates: readonly Candidate[],
  asked: Method | undefined,
): CircuitError {
  const told = candidates
    .filter(({ method, possible }) => !possible && (asked === undefined || method === asked))
    .map(({ method, why }) => `${method}: ${why}`);
  return new CircuitError(
    asked === 'stabiliser' ? 'UNSUPPORTED' : 'LIMIT',
    `${asked === undefined ? 'No method can' : `The method ${asked} cannot`} simulate this circuit of ${countText(qubits, 'qubit')}. ${told.join('; ')}.`,
  );
}

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
