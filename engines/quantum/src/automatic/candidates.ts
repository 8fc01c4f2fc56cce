import type { Circuit } from '@anarq/circuit';
import { DENSITY_QUBITS_MAX, densityBytes } from '../density/index.ts';
import { MPS_GATE_QUBITS_MAX, mpsBytes } from '../mps/index.ts';
import { sparseBytes } from '../sparse/index.ts';
import { compileClifford, tableauBytes } from '../stabiliser/index.ts';
import { stateBytes, type Precision } from '../stateVector/layout.ts';
import { bytesText, countText } from './text.ts';
import type { Method } from './methods.ts';
import type { Profile } from './profile.ts';
import type { Speeds } from './speeds.ts';

/** One method, for one circuit. */
export interface Candidate {
  readonly method: Method;
  /** Whether it can run the circuit, within its own limits and the memory. */
  readonly possible: boolean;
  /** Whether what comes out is exact but for rounding and the number of shots. */
  readonly isExact: boolean;
  readonly why: string;
  readonly memory_bytes: number;
  readonly duration_ms: number;
  /** For state vectors: how many are held at once. */
  readonly copies?: number;
}

export interface Question {
  readonly circuit: Circuit;
  readonly profile: Profile;
  readonly shots: number;
  readonly observables: number;
  readonly trajectories: number;
  readonly memoryLimit_bytes: number;
  readonly precision: Precision;
  readonly threads: number;
  readonly bondMax: number;
  readonly entriesMax: number;
  readonly speeds: Speeds;
}

/** Walks through the circuit: one a shot where it is random before its end, else one for all. */
const walksOf = ({ profile, shots, observables, trajectories }: Question): number => {
  if (!profile.isWalked) return 1;
  return shots > 0 || observables === 0 ? Math.max(1, shots) : trajectories;
};

/**
 * Gates and the like of all walks. What comes before the first random event is done once, and walks that
 * go the same way go together: all without an error, and those that measured the same.
 */
const operationsOf = (question: Question): number => {
  const { profile } = question;
  const all = profile.gates + profile.channels + profile.measurements;
  if (!profile.isWalked) return all;
  const walks = walksOf(question);
  const together = Math.min(walks, 2 ** Math.min(1_000, profile.partings));
  const apart = (walks - together) * (1 - profile.stillness);
  return Math.max(0, all - profile.walked) + (together + apart) * profile.walked;
};

/** States that a run holds at once: walks part into groups of half their number, each with its own. */
const copiesOf = (
  bytes: number,
  walks: number,
  { profile, memoryLimit_bytes }: Pick<Question, 'profile' | 'memoryLimit_bytes'>,
): number => {
  if (!profile.isWalked) return 1;
  const wanted = 2 + Math.ceil(Math.log2(walks));
  return Math.max(2, Math.min(wanted, Math.floor(memoryLimit_bytes / 2 / bytes)));
};

/** Drawing and counting shots, whatever holds the state. */
const drawing = ({ profile, shots, speeds }: Question): number =>
  (shots * (2 + profile.measurements / 16)) / speeds.steps;

const fits = (bytes: number, { memoryLimit_bytes }: Question): string | undefined =>
  bytes <= memoryLimit_bytes
    ? undefined
    : `takes ${bytesText(bytes)}, and the limit is ${bytesText(memoryLimit_bytes)}`;

function allClifford(gates: number): string {
  if (gates === 0) return 'there are no gates';
  return gates === 1 ? 'the one gate is Clifford' : `all ${countText(gates, 'gate')} are Clifford`;
}

const never = (method: Method, why: string, memory_bytes = 0): Candidate => ({
  method,
  possible: false,
  isExact: true,
  why,
  memory_bytes,
  duration_ms: 0,
});

/** Every method with what it would take. */
export function candidatesOf(question: Question): readonly Candidate[] {
  return [
    stabiliser(question),
    stateVector(question, 'statevector'),
    density(question),
    stateVector(question, 'trajectories'),
    sparse(question),
    mps(question),
  ];
}

function stabiliser(question: Question): Candidate {
  const { circuit, profile, shots, speeds } = question;
  const memory_bytes = tableauBytes(profile.qubits);
  try {
    compileClifford(circuit);
  } catch (error) {
    return never('stabiliser', (error as Error).message.replace(/\.$/u, ''), memory_bytes);
  }
  const tooMuch = fits(memory_bytes, question);
  if (tooMuch !== undefined)
    return never('stabiliser', `a tableau of ${profile.qubits} qubits ${tooMuch}`, memory_bytes);
  const operations = profile.gates + profile.channels + profile.measurements;
  // The reference shot updates a column of the tableau a gate, and all rows where a result is random.
  const reference =
    (profile.gates * profile.qubits) / 32 + (profile.measurements * profile.qubits ** 2) / 16;
  return {
    method: 'stabiliser',
    possible: true,
    isExact: true,
    why: `${allClifford(profile.gates)} and all noise is of Pauli errors, so a tableau of ${countText(profile.qubits, 'qubit')} (${bytesText(memory_bytes)}) is enough`,
    memory_bytes,
    duration_ms: (reference + operations * shots) / speeds.frames + shots / speeds.steps,
  };
}

function stateVector(question: Question, method: 'statevector' | 'trajectories'): Candidate {
  const { profile, precision, threads, speeds } = question;
  const isTrajectories = method === 'trajectories';
  const walks = walksOf(question);
  const bytes = stateBytes(profile.qubits, isTrajectories ? 'f64' : precision);
  const copies = copiesOf(bytes, walks, question);
  const memory_bytes = copies * bytes;
  if (profile.isNoisy && !isTrajectories)
    return never(method, 'the circuit is noisy: see density and trajectories', memory_bytes);
  if (!profile.isNoisy && isTrajectories)
    return never(method, 'the circuit has no noise: see statevector', memory_bytes);
  const tooMuch = fits(memory_bytes, question);
  if (tooMuch !== undefined)
    return never(
      method,
      `a state vector of ${countText(profile.qubits, 'qubit')} ${tooMuch}`,
      memory_bytes,
    );
  const operations = operationsOf(question);
  const perOperation = 2 ** profile.qubits / speeds.amplitudes / threads + 1 / speeds.steps;
  return {
    method,
    possible: true,
    isExact: true,
    why: isTrajectories
      ? `${countText(walks, 'trajectory', 'trajectories')} of a state vector of ${countText(profile.qubits, 'qubit')} (${bytesText(memory_bytes)}) take the ${countText(profile.channels, 'noise channel')} one way each`
      : `a state vector of ${countText(profile.qubits, 'qubit')} takes ${bytesText(memory_bytes)}${profile.isWalked ? `, and ${countText(walks, 'shot')} walk through it` : ''}`,
    memory_bytes,
    copies,
    duration_ms: operations * perOperation + drawing(question),
  };
}

function density(question: Question): Candidate {
  const { profile, speeds } = question;
  const { qubits, partings } = profile;
  const copies = 1 + Math.min(partings, 16);
  const memory_bytes = copies * densityBytes(qubits) + 16 * 2 ** qubits;
  if (qubits > DENSITY_QUBITS_MAX)
    return never(
      'density',
      `a density matrix has at most ${DENSITY_QUBITS_MAX} qubits, not ${qubits}`,
      memory_bytes,
    );
  const tooMuch = fits(memory_bytes, question);
  if (tooMuch !== undefined)
    return never(
      'density',
      `a density matrix of ${countText(qubits, 'qubit')} ${tooMuch}`,
      memory_bytes,
    );
  if (profile.isOpenEnded && partings > 0)
    return never(
      'density',
      'loops that depend on results part into branches without a bound',
      memory_bytes,
    );
  if (partings > 12)
    return never(
      'density',
      `${partings} measurements in the middle part into up to 2^${partings} branches`,
      memory_bytes,
    );
  const operations =
    profile.gates + profile.channels + profile.measurements + profile.walked * (2 ** partings - 1);
  return {
    method: 'density',
    possible: true,
    isExact: true,
    why: `a density matrix of ${countText(qubits, 'qubit')} takes ${bytesText(memory_bytes)} and gives the exact distribution of all outcomes`,
    memory_bytes,
    duration_ms: (operations * 2 * 4 ** qubits) / speeds.entries + drawing(question),
  };
}

function sparse(question: Question): Candidate {
  const { profile, entriesMax, speeds } = question;
  const { qubits, branchingBits } = profile;
  const entries = 2 ** Math.min(1_000, branchingBits);
  const memory_bytes = sparseBytes(qubits, Math.min(entries, entriesMax));
  if (entries > entriesMax)
    return never(
      'sparse',
      `up to 2^${branchingBits} amplitudes may not be 0, and at most ${entriesMax} are kept`,
      memory_bytes,
    );
  const tooMuch = fits(memory_bytes, question);
  if (tooMuch !== undefined)
    return never(
      'sparse',
      `${countText(entries, 'amplitude')} of a sparse state ${tooMuch}`,
      memory_bytes,
    );
  return {
    method: 'sparse',
    possible: true,
    isExact: true,
    why: `at most ${countText(entries, 'amplitude')} of ${countText(qubits, 'qubit')} are not 0, which take ${bytesText(memory_bytes)}`,
    memory_bytes,
    duration_ms:
      operationsOf(question) * (entries / speeds.sparse + 1 / speeds.steps) +
      drawing(question) +
      (question.shots * qubits) / speeds.steps / 64,
  };
}

function mps(question: Question): Candidate {
  const { profile, bondMax, speeds, shots } = question;
  const { qubits, bondBits, gateQubits } = profile;
  const needed = 2 ** Math.min(1_000, Math.ceil(bondBits));
  const bond = Math.min(bondMax, needed);
  const memory_bytes = 2 * mpsBytes(qubits, bond);
  if (gateQubits > MPS_GATE_QUBITS_MAX)
    return never(
      'mps',
      `a gate acts on ${gateQubits} qubits; at most ${MPS_GATE_QUBITS_MAX} are possible`,
      memory_bytes,
    );
  const tooMuch = fits(memory_bytes, question);
  if (tooMuch !== undefined)
    return never('mps', `a matrix product state with bonds of ${bond} ${tooMuch}`, memory_bytes);
  const isExact = needed <= bondMax;
  const share =
    operationsOf(question) / Math.max(1, profile.gates + profile.channels + profile.measurements);
  // Joining, and some ten sweeps over the pairs of columns of a matrix of twice the bond.
  const perBond = 100 * bond ** 3 + 1_000;
  return {
    method: 'mps',
    possible: true,
    isExact,
    why: isExact
      ? `bonds between neighbours need at most ${bond}, which takes ${bytesText(memory_bytes)} for ${countText(qubits, 'qubit')}`
      : `bonds between neighbours may need up to 2^${Math.ceil(bondBits)}; they are cut at ${bond} (${bytesText(memory_bytes)}), and the result says what was cut off`,
    memory_bytes,
    duration_ms:
      (share * profile.reach * perBond) / speeds.products +
      operationsOf(question) / speeds.steps +
      (shots * qubits * 2 * bond ** 2) / speeds.products +
      drawing(question),
  };
}
