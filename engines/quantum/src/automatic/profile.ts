import type { Circuit, Matrix } from '@anarq/circuit';
import {
  compile,
  isWalked,
  tailStart,
  type NoiseChannel,
  type Operation,
  type Program,
} from '../interpreter/index.ts';
import { columnsOf } from '../sparse/columns.ts';
import { bondBits } from './schmidt.ts';

/** What is to be known of a circuit before a method is chosen. Counts are those of one shot. */
export interface Profile {
  readonly qubits: number;
  readonly gates: number;
  readonly channels: number;
  readonly measurements: number;
  /** Gates, channels, measurements and resets from the first random event on: what each walk does again. */
  readonly walked: number;
  /** Whether each shot has to walk through the circuit, since something random comes before its end. */
  readonly isWalked: boolean;
  readonly isNoisy: boolean;
  /** Whether how often a loop runs depends on what is measured: then counts are those of one round. */
  readonly isOpenEnded: boolean;
  /** At most 2 to the power of this many amplitudes are nonzero. */
  readonly branchingBits: number;
  /** At most 2 to the power of this is the largest bond between neighbours, in the order of the qubits. */
  readonly bondBits: number;
  /** Sites over which gates on several qubits reach, all together. */
  readonly reach: number;
  /** Qubits of the largest gate with its controls. */
  readonly gateQubits: number;
  /** The probability that none of the channels does anything but the likeliest. */
  readonly stillness: number;
  /** Measurements that part a density matrix into branches. */
  readonly partings: number;
}

/** Steps that counting bonds may take; beyond, they are taken to be as large as they can be. */
const BOND_STEPS_MAX = 20_000_000;

/**
 * Looks through a circuit, in time linear in its length, without simulating anything.
 * @throws CircuitError where it does not compile
 */
export function profileOf(circuit: Circuit): Profile {
  const program = compile(circuit);
  return profileOfProgram(program);
}

function profileOfProgram(program: Program): Profile {
  const { qubits, code } = program;
  const counts = { gates: 0, channels: 0, measurements: 0, walked: 0, partings: 0 };
  const bonds = new Bonds(qubits);
  let branchingBits = 0;
  let gateQubits = 0;
  let isRandom = false;
  let stillness = 1;
  const walks = isWalked(program);
  const tail = tailStart(program, 'noise');
  for (const { one, times, at } of repeated(code)) {
    isRandom ||= one.op === 'measure' || one.op === 'reset' || one.op === 'noise';
    if (isRandom && (isQuantum(one) || one.op === 'gate')) counts.walked += times;
    if (one.op === 'noise') counts.channels += times;
    if (one.op === 'measure') {
      counts.measurements += times;
      if (at < tail && (one.bit !== undefined || program.lookback > 0)) counts.partings += times;
    }
    if (one.op === 'noise') {
      branchingBits += times * Math.max(...one.channel.kraus.map(fanOut));
      stillness *= likeliest(one.channel) ** times;
    }
    if (one.op !== 'apply' && one.op !== 'gate') continue;
    counts.gates += times;
    gateQubits = Math.max(gateQubits, one.qubits.length + one.controls.length);
    const matrix = one.op === 'apply' ? one.matrix : one.gate.matrix(...one.params.map(() => 0.3));
    branchingBits += times * fanOut(matrix);
    bonds.add({ matrix, qubits: one.qubits, controls: one.controls }, times);
  }
  return {
    qubits,
    ...counts,
    isWalked: walks,
    isNoisy: counts.channels > 0,
    isOpenEnded: code.some((one) => one.op === 'round' && one.condition !== undefined),
    stillness,
    branchingBits: Math.min(qubits, Math.ceil(branchingBits)),
    bondBits: bonds.most(),
    reach: bonds.reach,
    gateQubits,
  };
}

/** By how many factors of 2 a matrix may multiply the number of nonzero amplitudes. */
const fanOut = (matrix: Matrix): number =>
  Math.log2(columnsOf(matrix).rows.reduce((most, rows) => Math.max(most, rows.length), 1));

/** The largest probability of a way of a channel, in the most mixed state where it depends on the state. */
const likeliest = ({ unitaries, kraus }: NoiseChannel): number =>
  Math.max(
    ...(unitaries?.map(({ probability }) => probability) ??
      kraus.map(
        (matrix) =>
          matrix.reduce((sum, part) => sum + part * part, 0) / Math.sqrt(matrix.length / 2),
      )),
  );

const isQuantum = (one: Operation): boolean =>
  one.op === 'apply' || one.op === 'measure' || one.op === 'reset' || one.op === 'noise';

/** The code, each operation with how often the loops around it repeat it; a `while` counts as one round. */
function* repeated(
  code: readonly Operation[],
): Generator<{ readonly one: Operation; readonly times: number; readonly at: number }> {
  const around: { readonly exit: number; readonly times: number }[] = [];
  let times = 1;
  for (const [at, one] of code.entries()) {
    while (around.length > 0 && at >= around.at(-1)!.exit) {
      around.pop();
      times = around.reduce((product, loop) => product * loop.times, 1);
    }
    if (one.op === 'round') {
      around.push({ exit: one.exit, times: one.condition === undefined ? one.times : 1 });
      times = around.reduce((product, loop) => product * loop.times, 1);
    }
    yield { one, times, at };
  }
}

type Acting = Pick<Operation & { readonly op: 'apply' }, 'matrix' | 'qubits' | 'controls'>;

/** Counts how large bonds may become: every gate across a cut multiplies it by at most its rank there. */
class Bonds {
  readonly #bits: Float64Array;
  #steps = 0;
  reach = 0;

  constructor(qubits: number) {
    this.#bits = new Float64Array(Math.max(0, qubits - 1));
  }

  add({ matrix, qubits, controls }: Acting, times: number): void {
    if (qubits.length + controls.length < 2) return;
    let first = Infinity;
    let last = 0;
    for (const qubit of qubits) [first, last] = [Math.min(first, qubit), Math.max(last, qubit)];
    for (const { qubit } of controls)
      [first, last] = [Math.min(first, qubit), Math.max(last, qubit)];
    this.reach += times * (last - first);
    this.#steps += last - first;
    if (this.#steps > BOND_STEPS_MAX) return;
    let bits = 0;
    const inside = new Set([...qubits, ...controls.map(({ qubit }) => qubit)]);
    for (let cut = first; cut < last; cut += 1) {
      // Between operands the parts stay what they are.
      if (inside.has(cut)) bits = bondBits(matrix, qubits, controls, (qubit) => qubit <= cut);
      this.#bits[cut]! += times * bits;
    }
  }

  most(): number {
    const { length } = this.#bits;
    const highest = (cut: number): number => Math.min(cut + 1, length - cut);
    if (this.#steps > BOND_STEPS_MAX) return highest(Math.floor(length / 2));
    return this.#bits.reduce((most, bits, cut) => Math.max(most, Math.min(bits, highest(cut))), 0);
  }
}
