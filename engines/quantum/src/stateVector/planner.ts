import { embedded } from '@anarq/circuit';
import { times, type Complex } from './decompose.ts';
import { elementsOf, type Element } from './elements.ts';
import { paddedQubits, STATE_QUBITS_MIN } from './layout.ts';
import { mergePairs } from './mergePairs.ts';
import { phaseOperation } from './phaseTable.ts';
import {
  DENSE,
  DENSE_QUBITS_MAX,
  DIAGONAL,
  FLIP,
  PASS,
  PHASE_LOW_MAX,
  ROTATE,
  type Operation,
  type Plan,
  type Rotation,
} from './plan.ts';
import { writePlan } from './planWriter.ts';
import { schedule, type Group, type Scheduled } from './schedule.ts';
import type { Step } from './step.ts';

export interface PlanOptions {
  /** Qubits of a tile at most: it should fit into the second-level cache of a core. */
  readonly tileQubits: number;
  /** Positions that are in every tile, so that its rows are long enough to be read as a stream. */
  readonly rowQubits: number;
}

/** Where a state's qubits stand before anything moved them. */
export const originalPositions = (qubits: number): number[] =>
  Array.from({ length: qubits }, (_, qubit) => qubit);

/**
 * Plans steps for a state whose qubit k stands at `positions[k]`: joins what can be one operation, takes
 * unitaries of one qubit apart into rotations and phases, collects phases, and puts what mixes few qubits
 * into passes over tiles.
 * @throws RangeError for a matrix on more qubits than DENSE_QUBITS_MAX (or DIAGONAL_QUBITS_MAX, a diagonal)
 */
export function planSteps(
  steps: readonly Step[],
  positions: readonly number[],
  options: PlanOptions = { tileQubits: 15, rowQubits: 8 },
): Plan {
  const qubits = paddedQubits(positions.length);
  const { elements, factor, wires } = elementsOf(mergePairs(steps), positions);
  const rowQubits = Math.max(options.rowQubits, STATE_QUBITS_MIN);
  const passes = schedule(elements, {
    wires: qubits,
    // A matrix must fit beside the row, else it could never run.
    tileWires: Math.max(options.tileQubits, rowQubits + DENSE_QUBITS_MAX),
    rowWires: Math.min(rowQubits, qubits),
  });
  return writePlan(qubits, operationsOf(passes, factor, qubits), wires);
}

/** Of a table of phases: 256 entries stay in the first-level cache beside the amplitudes. */
const TABLE_QUBITS = 8;
/** The scale that rotations leave is made up for before it grows beyond this. */
const SCALE_MIN = 2 ** -40;

function operationsOf(passes: readonly Scheduled[], factor: Complex, qubits: number): Operation[] {
  const operations: Operation[] = [];
  let scale = factor;
  const scaleNow = (): void => {
    operations.push(scaling(scale));
    scale = { re: 1, im: 0 };
  };
  for (const { wires, groups } of passes) {
    operations.push({ op: PASS, qubits: wires });
    const low = Math.min(rowOf(wires), PHASE_LOW_MAX, TABLE_QUBITS);
    for (const group of groups) {
      if (group.kind === 'others') {
        operations.push(...othersOf(group.elements));
        scale = times(scale, { re: scaleOf(group), im: 0 });
        continue;
      }
      const phase = phaseOperation(group.elements, low, scale);
      operations.push(...diagonalsOf(group), ...phase.operations);
      scale = phase.scale;
    }
    if (Math.hypot(scale.re, scale.im) < SCALE_MIN) scaleNow();
  }
  if (scale.re !== 1 || scale.im !== 0) {
    if (passes.length === 0) operations.push({ op: PASS, qubits: originalPositions(qubits) });
    scaleNow();
  }
  return operations;
}

/** What the rotations of a group left to be multiplied. */
const scaleOf = ({ elements }: Group): number =>
  elements.reduce((scale, element) => (element.kind === ROTATE ? scale * element.scale : scale), 1);

const scaling = ({ re, im }: Complex): Operation => ({
  op: DIAGONAL,
  qubits: [],
  controls: [],
  diagonal: Float64Array.of(re, im),
});

/** How many of the wires are 0, 1, 2 and so on. */
function rowOf(wires: readonly number[]): number {
  let row = 0;
  while (wires[row] === row) row += 1;
  return row;
}

function diagonalsOf({ elements }: Group): Operation[] {
  return elements.flatMap((element) => {
    if (element.kind !== DIAGONAL) return [];
    const controlled = element.controls.map((control) => control >> 1);
    const own = element.looks.filter((wire) => !controlled.includes(wire));
    const qubits = own.toSorted((a, b) => a - b);
    const diagonal = new Float64Array(element.diagonal.length);
    for (let k = 0; k < diagonal.length / 2; k += 1) {
      const to = own.reduce(
        (sum, wire, bit) => sum | (((k >> bit) & 1) << qubits.indexOf(wire)),
        0,
      );
      diagonal.set(element.diagonal.subarray(2 * k, 2 * k + 2), 2 * to);
    }
    return [{ op: DIAGONAL, qubits, controls: element.controls, diagonal }];
  });
}

/** Rotations that come one after the other are one operation, until a wire has its second. */
function othersOf(elements: readonly Element[]): Operation[] {
  const operations: Operation[] = [];
  let rotations: Rotation[] = [];
  const flush = (): void => {
    if (rotations.length > 0) operations.push({ op: ROTATE, rotations });
    rotations = [];
  };
  for (const element of elements) {
    if (element.kind === ROTATE) {
      const qubit = element.mixes[0]!;
      if (rotations.some((rotation) => rotation.qubit === qubit)) flush();
      rotations.push({ qubit, form: element.form, t: element.t });
      continue;
    }
    flush();
    if (element.kind === FLIP)
      operations.push({ op: FLIP, qubits: element.mixes, controls: element.controls });
    if (element.kind !== DENSE) continue;
    const qubits = element.mixes.toSorted((a, b) => a - b);
    const matrix = embedded(
      element.matrix,
      element.mixes.map((wire) => qubits.indexOf(wire)),
      qubits.length,
    );
    operations.push({ op: DENSE, qubits, controls: element.controls, matrix });
  }
  flush();
  return operations;
}
