import { CircuitError } from './error.ts';
import { X, Y, Z } from './gates/oneQubit.ts';
import { identityMatrix, matrixOf, multiply, tensor, type Matrix } from './matrix.ts';

/** A noise channel: what `noise` instructions name. */
export interface Channel {
  readonly name: string;
  readonly qubits: number;
  readonly params: readonly string[];
  /** What is to be known of its params, for people. */
  readonly about: string;
  /** Its Kraus operators: a state rho becomes the sum of K rho K†. Those that are zero are left out. */
  readonly kraus: (...params: number[]) => readonly Matrix[];
  /**
   * For a mixture of Pauli products: the probability of each, 4^qubits of them in Stim's order (I, X,
   * Y, Z, operand 0 counting most: II, IX, IY, IZ, XI, ...). They sum to 1.
   */
  readonly pauliProbabilities?: (...params: number[]) => readonly number[];
  /** Its names in .stim files, the first for writing. */
  readonly stim: readonly string[];
  /** What is wrong with these params, or `undefined`. */
  readonly refuses: (params: readonly number[]) => string | undefined;
}

/** How far probabilities that were written in decimals may sum above 1. */
const SUM_TOLERANCE = 1e-9;

const notProbability = (
  names: readonly string[],
  params: readonly number[],
): string | undefined => {
  const wrong = params.findIndex((value) => !(value >= 0 && value <= 1));
  return wrong === -1
    ? undefined
    : `${names[wrong]} is a probability from 0 to 1, not ${params[wrong]}`;
};

const notDisjoint = (names: readonly string[], params: readonly number[]): string | undefined => {
  const sum = params.reduce((total, value) => total + value, 0);
  return (
    notProbability(names, params) ??
    (sum > 1 + SUM_TOLERANCE ? `its probabilities sum to ${sum}, which is above 1` : undefined)
  );
};

const scaled = (matrix: Matrix, factor: number): Matrix => matrix.map((entry) => entry * factor);

const PAULIS: readonly (readonly Matrix[])[] = [
  [identityMatrix(1), X, Y, Z],
  [identityMatrix(1), X, Y, Z].flatMap((first) =>
    [identityMatrix(1), X, Y, Z].map((second) => tensor(first, second)),
  ),
];

interface PauliRow {
  readonly qubits: 1 | 2;
  readonly params: readonly string[];
  readonly about: string;
  readonly stim: readonly string[];
  /** Probabilities of all Pauli products but the identity, in Stim's order. */
  readonly errors: (params: readonly number[]) => readonly number[];
}

function pauliChannel(name: string, row: PauliRow): Channel {
  const pauliProbabilities = (...params: number[]): readonly number[] => {
    const errors = row.errors(params);
    const sum = errors.reduce((total, value) => total + value, 0);
    return [Math.max(0, 1 - sum), ...errors];
  };
  return {
    name,
    qubits: row.qubits,
    params: row.params,
    about: row.about,
    stim: row.stim,
    pauliProbabilities,
    kraus: (...params) =>
      pauliProbabilities(...params).flatMap((probability, at) =>
        probability === 0 ? [] : [scaled(PAULIS[row.qubits - 1]![at]!, Math.sqrt(probability))],
      ),
    refuses: (params) => notDisjoint(row.params, params),
  };
}

const pairs = ['I', 'X', 'Y', 'Z']
  .flatMap((first) => ['I', 'X', 'Y', 'Z'].map((second) => first + second))
  .slice(1);

/** Falling from |1> to |0> with probability gamma (Nielsen and Chuang, section 8.3.5). */
const damping = (gamma: number): readonly Matrix[] => [
  matrixOf([1, 0, 0, Math.sqrt(1 - gamma)]),
  matrixOf([0, Math.sqrt(gamma), 0, 0]),
];
/** The same upwards. */
const excitation = (gamma: number): readonly Matrix[] => [
  matrixOf([Math.sqrt(1 - gamma), 0, 0, 1]),
  matrixOf([0, 0, Math.sqrt(gamma), 0]),
];
const dephasing = (lambda: number): readonly Matrix[] => [
  matrixOf([1, 0, 0, Math.sqrt(1 - lambda)]),
  matrixOf([0, 0, 0, Math.sqrt(lambda)]),
];
const withoutZeros = (matrices: readonly Matrix[]): readonly Matrix[] =>
  matrices.filter((matrix) => matrix.some((entry) => entry !== 0));

const all: readonly Channel[] = [
  pauliChannel('depolarizing1', {
    qubits: 1,
    params: ['p'],
    about: 'With probability p one of X, Y, Z, each as likely; p = 3/4 mixes completely.',
    stim: ['DEPOLARIZE1'],
    errors: ([p = 0]) => [p / 3, p / 3, p / 3],
  }),
  pauliChannel('depolarizing2', {
    qubits: 2,
    params: ['p'],
    about:
      'With probability p one of the 15 pairs but II, each as likely; p = 15/16 mixes completely.',
    stim: ['DEPOLARIZE2'],
    errors: ([p = 0]) => pairs.map(() => p / 15),
  }),
  pauliChannel('x_error', {
    qubits: 1,
    params: ['p'],
    about: 'X with probability p: a bit flip.',
    stim: ['X_ERROR'],
    errors: ([p = 0]) => [p, 0, 0],
  }),
  pauliChannel('y_error', {
    qubits: 1,
    params: ['p'],
    about: 'Y with probability p.',
    stim: ['Y_ERROR'],
    errors: ([p = 0]) => [0, p, 0],
  }),
  pauliChannel('z_error', {
    qubits: 1,
    params: ['p'],
    about: 'Z with probability p: a phase flip.',
    stim: ['Z_ERROR'],
    errors: ([p = 0]) => [0, 0, p],
  }),
  pauliChannel('pauli_channel_1', {
    qubits: 1,
    params: ['px', 'py', 'pz'],
    about: 'X, Y or Z with its probability.',
    stim: ['PAULI_CHANNEL_1'],
    errors: (params) => params,
  }),
  pauliChannel('pauli_channel_2', {
    qubits: 2,
    params: pairs.map((pair) => `p${pair.toLowerCase()}`),
    about:
      'Each pair of Paulis but II with its probability, the first letter that of the first qubit.',
    stim: ['PAULI_CHANNEL_2'],
    errors: (params) => params,
  }),
  {
    name: 'amplitude_damping',
    qubits: 1,
    params: ['gamma'],
    about: '|1> falls to |0> with probability gamma.',
    kraus: (gamma = 0) => withoutZeros(damping(gamma)),
    stim: [],
    refuses: (params) => notProbability(['gamma'], params),
  },
  {
    ...pauliChannel('phase_damping', {
      qubits: 1,
      params: ['lambda'],
      about: 'Off-diagonal entries shrink by sqrt(1 - lambda): Z with (1 - sqrt(1 - lambda)) / 2.',
      stim: [],
      errors: ([lambda = 0]) => [0, 0, (1 - Math.sqrt(1 - lambda)) / 2],
    }),
    kraus: (lambda = 0) => withoutZeros(dephasing(lambda)),
  },
  {
    name: 'generalized_amplitude_damping',
    qubits: 1,
    params: ['gamma', 'excited'],
    about: 'Relaxes by gamma towards a mixture that is |1> with probability `excited`.',
    kraus: (gamma = 0, excited = 0) =>
      withoutZeros([
        ...damping(gamma).map((matrix) => scaled(matrix, Math.sqrt(1 - excited))),
        ...excitation(gamma).map((matrix) => scaled(matrix, Math.sqrt(excited))),
      ]),
    stim: [],
    refuses: (params) => notProbability(['gamma', 'excited'], params),
  },
  {
    name: 'thermal_relaxation',
    qubits: 1,
    params: ['t1', 't2', 'time'],
    about:
      'Waits for `time`: |1> decays with t1, coherence with t2, which is at most 2 t1. One unit for all.',
    kraus: (t1 = 1, t2 = 1, time = 0) => {
      const falls = damping(-Math.expm1(-time / t1));
      // What dephases beyond the half of t1 that the decay brings with it.
      const dephases = dephasing(Math.max(0, -Math.expm1(time / t1 - (2 * time) / t2)));
      return withoutZeros(falls.flatMap((a) => dephases.map((b) => multiply(a, b))));
    },
    stim: [],
    refuses: ([t1 = 1, t2 = 1, time = 0]) => {
      if (!(t1 > 0 && t2 > 0)) return `t1 and t2 are above 0, not ${t1} and ${t2}`;
      if (!(t2 <= 2 * t1)) return `t2 is at most 2 t1 = ${2 * t1}, not ${t2}`;
      return time >= 0 ? undefined : `time is at least 0, not ${time}`;
    },
  },
];

/** Every channel by its name. */
export const CHANNELS: ReadonlyMap<string, Channel> = new Map(
  all.map((channel) => [channel.name, channel]),
);

/** The channels of .stim files, by every name they have there, in upper case. */
export const STIM_CHANNELS: ReadonlyMap<string, Channel> = new Map(
  all.flatMap((channel) => channel.stim.map((name) => [name, channel] as const)),
);

/**
 * The channel of this name, once its params are in range.
 * @throws CircuitError SEMANTICS for an unknown name, another number of params, or one out of range
 */
export function channelOf(name: string, params: readonly number[]): Channel {
  const channel = CHANNELS.get(name);
  if (channel === undefined)
    throw new CircuitError(
      'SEMANTICS',
      `There is no noise channel ${JSON.stringify(name.slice(0, 40))}; there are ${[...CHANNELS.keys()].join(', ')}.`,
    );
  if (params.length !== channel.params.length)
    throw new CircuitError(
      'SEMANTICS',
      `${name} takes ${channel.params.length} (${channel.params.join(', ')}), not ${params.length}.`,
    );
  const wrong = params.every(Number.isFinite) ? channel.refuses(params) : 'a param is not finite';
  if (wrong !== undefined) throw new CircuitError('SEMANTICS', `${name}: ${wrong}.`);
  return channel;
}
