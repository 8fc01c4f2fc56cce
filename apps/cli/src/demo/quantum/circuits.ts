/** A circuit as an agent sends it, with what is asked of it. */
export interface Asked {
  readonly name: string;
  readonly text: string;
  readonly shots: number;
  readonly observables?: readonly string[];
  readonly parameters?: Readonly<Record<string, number>>;
}

const lines = (...parts: (string | readonly string[])[]): string => `${parts.flat().join('\n')}\n`;
const range = (size: number): number[] => Array.from({ length: size }, (_, at) => at);

export const bell = (): string =>
  lines(
    'OPENQASM 3.0;',
    'include "stdgates.inc";',
    'qubit[2] q;',
    'bit[2] c;',
    'h q[0];',
    'cx q[0], q[1];',
    'c = measure q;',
  );

export const ghz = (qubits: number): string =>
  lines(
    'OPENQASM 3.0;',
    'include "stdgates.inc";',
    `qubit[${qubits}] q;`,
    `bit[${qubits}] c;`,
    'h q[0];',
    range(qubits - 1).map((at) => `cx q[${at}], q[${at + 1}];`),
    'c = measure q;',
  );

/** Grover's search for the one state of all ones, after so many rounds. */
export function grover(qubits: number, rounds: number): string {
  const all = range(qubits)
    .map((at) => `q[${at}]`)
    .join(', ');
  const marked = `ctrl(${qubits - 1}) @ z ${all};`;
  const each = (gate: string): string => `${gate} q;`;
  return lines(
    'OPENQASM 3.0;',
    'include "stdgates.inc";',
    `qubit[${qubits}] q;`,
    `bit[${qubits}] c;`,
    each('h'),
    range(rounds).flatMap(() => [marked, each('h'), each('x'), marked, each('x'), each('h')]),
    'c = measure q;',
  );
}

/** The textbook's chance that Grover's search finds one of 2^n states: sin^2((2k + 1) theta). */
export const groverChance = (qubits: number, rounds: number): number =>
  Math.sin((2 * rounds + 1) * Math.asin(2 ** (-qubits / 2))) ** 2;

/** One qubit with no code around it, under the noise that each data qubit of a memory has. */
export const bareQubit = (rounds: number, p: number): string =>
  lines(
    'R 0',
    `X_ERROR(${p}) 0`,
    range(rounds).map(() => `DEPOLARIZE1(${p}) 0`),
    `X_ERROR(${p}) 0`,
    'M 0',
  );

/** The chance that it is read wrong: each of its flips undoes another. */
export const bareQubitFails = (rounds: number, p: number): number =>
  (1 - (1 - 2 * p) ** 2 * (1 - (4 * p) / 3) ** rounds) / 2;

export type Edge = readonly [number, number];

/** A ring with chords across: every vertex has three neighbours. */
export const ringWithChords = (vertices: number): Edge[] => [
  ...range(vertices).map((at): Edge => [at, (at + 1) % vertices]),
  ...range(vertices / 2).map((at): Edge => [at, at + vertices / 2]),
];

/** The largest cut of a graph, by trying all. */
export const largestCut = (vertices: number, edges: readonly Edge[]): number =>
  Math.max(
    ...range(2 ** vertices).map(
      (side) => edges.filter(([a, b]) => ((side >> a) & 1) !== ((side >> b) & 1)).length,
    ),
  );

/** QAOA of depth 1 for the largest cut; its angles are inputs. */
export const qaoa = (vertices: number, edges: readonly Edge[]): string =>
  lines(
    'OPENQASM 3.0;',
    'include "stdgates.inc";',
    'input float[64] gamma;',
    'input float[64] beta;',
    `qubit[${vertices}] q;`,
    'h q;',
    edges.flatMap(([a, b]) => [
      `cx q[${a}], q[${b}];`,
      `rz(-gamma) q[${b}];`,
      `cx q[${a}], q[${b}];`,
    ]),
    'rx(2 * beta) q;',
  );

/** The size of a cut as an observable: the sum of (1 - Z Z) / 2 over all edges. */
export const cutOf = (edges: readonly Edge[]): string =>
  `${edges.length / 2} ${edges.map(([a, b]) => `- 0.5*Z${a} Z${b}`).join(' ')}`;
