import type { Circuit, GateInstruction } from '@anarq/circuit';
import { Random } from '@anarq/quantum-engine';

/** The same seed makes the same files, on every machine. */
const SEED = 20_261_120n;

/** The circuits that are measured, by family and size: `grid 4 6 14`, `fourier 24`, `qaoa 20 8`. */
export type CircuitName =
  | `grid ${number} ${number} ${number}`
  | `fourier ${number}`
  | `qaoa ${number} ${number}`;

export function circuitNamed(name: CircuitName): Circuit {
  const [family = '', ...sizes] = name.split(' ');
  const [a = 0, b = 0, c = 0] = sizes.map(Number);
  if (family === 'grid') return randomGrid(a, b, c);
  return family === 'fourier' ? fourier(a) : qaoa(a, b);
}

/**
 * A random circuit on a grid, as in "Quantum supremacy using a programmable superconducting processor"
 * (arXiv:1910.11333): in each cycle one of sqrt(X), sqrt(Y), sqrt(W) on every qubit, never the same twice
 * in a row, then fSim(pi/2, pi/6) on one of four sets of neighbours, in the order ABCDCDAB.
 */
function randomGrid(rows: number, columns: number, depth: number): Circuit {
  const random = new Random(SEED, rows * 100 + columns);
  const singles = ['sx', 'sqrt_y', 'sqrt_w'];
  const gates: GateInstruction[] = [];
  const last: (string | undefined)[] = Array.from({ length: rows * columns });
  for (let cycle = 0; cycle < depth; cycle += 1) {
    for (let qubit = 0; qubit < rows * columns; qubit += 1) {
      const choice = singles.filter((name) => name !== last[qubit]);
      const name = choice[random.below(choice.length)]!;
      last[qubit] = name;
      gates.push(gate(name, [qubit]));
    }
    for (const pair of neighbours(rows, columns, 'ABCDCDAB'[cycle % 8]!))
      gates.push(gate('fsim', pair, [Math.PI / 2, Math.PI / 6]));
  }
  return circuitOf(rows * columns, gates);
}

/** A and B are horizontal, C and D vertical; those of one set share no qubit. */
function neighbours(rows: number, columns: number, set: string): [number, number][] {
  const parity = set === 'A' || set === 'C' ? 0 : 1;
  const pairs: [number, number][] = [];
  for (let row = 0; row < rows; row += 1)
    for (let column = 0; column < columns; column += 1) {
      const qubit = row * columns + column;
      if ((row + column) % 2 !== parity) continue;
      if ('AB'.includes(set) && column + 1 < columns) pairs.push([qubit, qubit + 1]);
      if ('CD'.includes(set) && row + 1 < rows) pairs.push([qubit, qubit + columns]);
    }
  return pairs;
}

/** A layer of ry, so that the state is not a basis state, and the full Fourier transform with its swaps. */
function fourier(qubits: number): Circuit {
  const random = new Random(SEED, qubits);
  const gates = all(qubits).map((qubit) => gate('ry', [qubit], [random.uniform() * Math.PI]));
  for (let target = qubits - 1; target >= 0; target -= 1) {
    gates.push(gate('h', [target]));
    for (let control = target - 1; control >= 0; control -= 1)
      gates.push(gate('cp', [control, target], [Math.PI / 2 ** (target - control)]));
  }
  for (let low = 0; low < qubits >> 1; low += 1) gates.push(gate('swap', [low, qubits - 1 - low]));
  return circuitOf(qubits, gates);
}

/**
 * QAOA (arXiv:1411.4028) for the cut of a ring whose opposite nodes are joined too, a 3-regular graph: each
 * edge as cx, rz, cx, as compilers write it. An even number of qubits.
 */
function qaoa(qubits: number, rounds: number): Circuit {
  const random = new Random(SEED, qubits * 100 + rounds);
  const edges = [
    ...all(qubits).map((node) => [node, (node + 1) % qubits] as const),
    ...all(qubits / 2).map((node) => [node, node + qubits / 2] as const),
  ];
  const gates = all(qubits).map((qubit) => gate('h', [qubit]));
  for (let round = 0; round < rounds; round += 1) {
    const gamma = random.uniform();
    const beta = random.uniform();
    for (const [a, b] of edges)
      gates.push(gate('cx', [a, b]), gate('rz', [b], [gamma]), gate('cx', [a, b]));
    for (const qubit of all(qubits)) gates.push(gate('rx', [qubit], [beta]));
  }
  return circuitOf(qubits, gates);
}

/** Layers of a random one-qubit gate on each qubit and CX on random pairs; every qubit is measured. */
export function randomClifford(qubits: number, layers: number): Circuit {
  const random = new Random(SEED, qubits * 1_000 + layers);
  const singles = ['h', 's', 'sx', 'sdg', 'x', 'z'];
  const gates: GateInstruction[] = [];
  for (let layer = 0; layer < layers; layer += 1) {
    const order = all(qubits);
    for (let at = qubits - 1; at > 0; at -= 1) {
      const other = random.below(at + 1);
      [order[at], order[other]] = [order[other]!, order[at]!];
    }
    for (const qubit of order) gates.push(gate(singles[random.below(singles.length)]!, [qubit]));
    for (let at = 0; at + 1 < qubits; at += 2) gates.push(gate('cx', [order[at]!, order[at + 1]!]));
  }
  const measurements = all(qubits).map((qubit) => ({ kind: 'measure', qubit }) as const);
  return { ...circuitOf(qubits, []), body: [...gates, ...measurements] };
}

const all = (count: number): number[] => Array.from({ length: count }, (_, k) => k);

const gate = (
  name: string,
  qubits: readonly number[],
  angles: readonly number[] = [],
): GateInstruction => ({
  kind: 'gate',
  gate: name,
  // As many digits as the files have, so that every program is given the same angles.
  params: angles.map((angle) => ({ kind: 'literal', value: Number(angle.toFixed(15)) })),
  qubits,
});

const circuitOf = (qubits: number, body: readonly GateInstruction[]): Circuit => ({
  qubits,
  qubitRegisters: [{ name: 'q', start: 0, size: qubits }],
  bits: 0,
  bitRegisters: [],
  variables: [],
  parameters: [],
  customGates: [],
  body,
});
