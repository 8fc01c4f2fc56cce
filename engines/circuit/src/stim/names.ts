import type { GateInstruction } from '../circuit.ts';
import { evaluateAngle } from '../evaluate.ts';
import { GATES } from '../gates.ts';
import { controlled, type Matrix } from '../matrix.ts';
import { cliffordOf, type PauliImages } from '../pauli.ts';
import { substitutedAngle } from '../transform/substitute.ts';

/** A gate as a .stim file names it. */
export interface StimUse {
  readonly name: string;
  readonly qubits: readonly number[];
}

const keyOf = ({ x, z }: PauliImages): string => [...x, ...z].join(' ');

/** Stim's gates by where they take the generators; of several names the first of the table. */
const BY_IMAGES: ReadonlyMap<string, string> = new Map(
  [...GATES.values()]
    .flatMap(({ stim, stabiliser }) =>
      stim.length === 0 || stabiliser === undefined ? [] : [[keyOf(stabiliser), stim[0]!] as const],
    )
    .toReversed(),
);

/** Stim's gates for a matrix on these qubits, up to global phase; `undefined` where there are none. */
export function stimUseOf(
  matrix: Matrix,
  qubits: readonly number[],
): readonly StimUse[] | undefined {
  if (qubits.length === 0) return [];
  if (qubits.length > 2) return undefined;
  const images = cliffordOf(matrix);
  if (images === undefined) return undefined;
  const name = BY_IMAGES.get(keyOf(images));
  return name === undefined ? undefined : [{ name, qubits }];
}

/**
 * Stim's gates for a gate of the table, by its name, by what it does, or by its decomposition;
 * `undefined` where it is not made of Cliffords that Stim has.
 */
export function stimUsesOf(instruction: GateInstruction): readonly StimUse[] | undefined {
  const { gate, params, qubits, controls = [] } = instruction;
  const entry = GATES.get(gate);
  if (entry === undefined) return undefined;
  if (controls.length === 0 && entry.stim.length > 0) return [{ name: entry.stim[0]!, qubits }];
  const total = qubits.length + controls.length;
  if (total <= 2) {
    let matrix = entry.matrix(...params.map((param) => evaluateAngle(param)));
    for (const _ of controls) matrix = controlled(matrix);
    const named = stimUseOf(matrix, [...controls.map(({ qubit }) => qubit), ...qubits]);
    if (named !== undefined) return aroundZeros(instruction, named);
  }
  if (controls.length > 0) return undefined;
  const values = new Map(entry.params.map((name, at) => [name, params[at]!]));
  const made: StimUse[] = [];
  if (entry.decomposition === undefined) return undefined;
  for (const step of entry.decomposition) {
    const inner = stimUsesOf({
      ...step,
      params: step.params.map((param) => substitutedAngle(param, (name) => values.get(name))),
      qubits: step.qubits.map((qubit) => qubits[qubit]!),
    });
    if (inner === undefined) return undefined;
    made.push(...inner);
  }
  return made;
}

/** A control that acts on 0 is one that acts on 1 between two X. */
function aroundZeros(
  { controls = [] }: GateInstruction,
  uses: readonly StimUse[],
): readonly StimUse[] {
  const flips = controls
    .filter(({ value }) => value === 0)
    .map(({ qubit }) => ({ name: 'X', qubits: [qubit] }));
  return [...flips, ...uses, ...flips];
}
