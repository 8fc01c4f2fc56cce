import { CircuitError } from '@anarq/circuit';
import {
  Machine,
  tailFrom,
  type Measure,
  type Program,
  type QuantumOperation,
} from '../interpreter/index.ts';
import type { TellProgress } from '../task.ts';
import { DensityMatrix, densityBytes } from './densityMatrix.ts';

/**
 * One way a circuit may go: what its measurements in the middle showed, with its probability, and the
 * state at its end.
 */
export interface Leaf {
  readonly weight: number;
  readonly bits: Uint8Array;
  readonly state: DensityMatrix;
  /** Measurements at the end, of qubits that nothing acts on any more: `state` is as it is before them. */
  readonly measures: readonly Measure[];
}

/** Ways a circuit may go that are followed, and a probability below which none is. */
const LEAVES_MAX = 65_536;
const WEIGHT_MIN = 1e-14;

export interface BranchOptions {
  readonly memoryLimit_bytes: number;
  /** Is told of the operations of the first branch: others are not known of before. */
  readonly progress?: TellProgress | undefined;
}

interface Branch {
  readonly machine: Machine;
  readonly state: DensityMatrix;
  readonly weight: number;
}

/**
 * Follows a circuit through all that its measurements may show, and calls `visit` at each end. A
 * measurement makes two branches only where its result matters later and its qubit is used again.
 * @throws CircuitError LIMIT where the branches that wait take more than the memory, or are too many
 */
export function followBranches(
  program: Program,
  { memoryLimit_bytes, progress }: BranchOptions,
  visit: (leaf: Leaf) => void,
): void {
  const bytes = densityBytes(program.qubits);
  if (bytes > memoryLimit_bytes)
    throw new CircuitError(
      'LIMIT',
      `A density matrix of ${program.qubits} qubits takes ${bytes} bytes; the limit is ${memoryLimit_bytes}.`,
    );
  const waiting: Branch[] = [
    { machine: new Machine(program), state: new DensityMatrix(program.qubits), weight: 1 },
  ];
  let leaves = 0;
  for (let branch = waiting.pop(); branch !== undefined; branch = waiting.pop()) {
    const other = (found: Branch): void => {
      if ((waiting.length + 2) * bytes > memoryLimit_bytes)
        throw new CircuitError(
          'LIMIT',
          `${waiting.length + 2} branches of a density matrix of ${bytes} bytes each wait for each other; the limit is ${memoryLimit_bytes} bytes.`,
        );
      waiting.push(found);
    };
    const leaf = follow(program, branch, other, leaves === 0 ? progress : undefined);
    leaves += 1;
    if (leaves > LEAVES_MAX)
      throw new CircuitError(
        'LIMIT',
        `What is measured in the middle makes more than ${LEAVES_MAX} branches; trajectories follow as many as there are shots.`,
      );
    visit(leaf);
  }
}

/** Follows a branch to its end; where it parts, one goes on and the other is handed over. */
function follow(
  program: Program,
  branch: Branch,
  other: (branch: Branch) => void,
  progress: TellProgress | undefined,
): Leaf {
  const { machine, state } = branch;
  const total = program.code.length;
  let { weight } = branch;
  for (let one = machine.next(); one !== undefined; one = machine.next()) {
    progress?.({ part: 'gates', done: machine.at, total });
    if (one.op !== 'measure') {
      evolve(state, one);
      continue;
    }
    const tail = tailFrom(program, machine.at, 'noise');
    if (tail !== undefined) {
      for (const [k, last] of tail.rest.entries()) {
        evolve(state, last);
        progress?.({ part: 'gates', done: Math.min(total, machine.at + k), total });
      }
      return { weight, bits: machine.bits, state, measures: tail.measures };
    }
    const isForgotten = one.bit === undefined && program.lookback === 0;
    if (isForgotten) {
      state.dephase(one.qubit);
      machine.tell(one, 0, false);
    } else weight = part({ machine, state, weight }, one, other);
  }
  return { weight, bits: machine.bits, state, measures: [] };
}

function evolve(state: DensityMatrix, one: QuantumOperation): void {
  switch (one.op) {
    case 'apply':
      return state.apply(one.matrix, one.qubits, one.controls);
    case 'reset':
      return state.reset(one.qubit);
    case 'noise':
      return state.applyChannel(one.channel, one.qubits);
    case 'measure':
      return state.dephase(one.qubit);
  }
}

/** Goes on with the likeliest result, told right or wrong, and hands over the others; answers the new weight. */
function part(
  { machine, state, weight }: Branch,
  one: Measure,
  other: (branch: Branch) => void,
): number {
  const p = Math.min(1, Math.max(0, state.probabilityOfOne(one.qubit)));
  const ways = [1, 0]
    .flatMap((found) => [
      { found, isFlipped: false, probability: (found === 1 ? p : 1 - p) * (1 - one.flip) },
      { found, isFlipped: true, probability: (found === 1 ? p : 1 - p) * one.flip },
    ])
    .filter(({ probability }) => weight * probability > WEIGHT_MIN)
    .toSorted((a, b) => b.probability - a.probability);
  const total = ways.reduce((sum, { probability }) => sum + probability, 0);
  const go = (on: Branch, { found, isFlipped }: (typeof ways)[number]): void => {
    const value = found === 1 ? 1 : 0;
    on.state.project(one.qubit, value, value === 1 ? p : 1 - p);
    on.machine.tell(one, value, isFlipped);
  };
  for (const way of ways.slice(1)) {
    const branch = {
      machine: machine.fork(),
      state: state.clone(),
      weight: (weight * way.probability) / total,
    };
    go(branch, way);
    other(branch);
  }
  go({ machine, state, weight }, ways[0]!);
  return (weight * ways[0]!.probability) / total;
}
