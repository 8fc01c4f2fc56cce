import { offsetsOf } from '../linear/offsets.ts';
import type { Precision } from './layout.ts';
import {
  DENSE,
  DIAGONAL,
  FLIP,
  PASS,
  PHASE,
  ROTATE,
  type Operation,
  type Plan,
  type Rotation,
} from './plan.ts';
import { readPlan } from './planWriter.ts';
import { phaseRecord } from './tapePhase.ts';
import { TapeWriter, type Pass } from './tapeWriter.ts';

/**
 * The tape is a plan made ready for the WASM kernels: addresses instead of qubits, coefficients as vectors.
 * kernels/run.as says how it is read. A tape is bound to the place where it and the state lie in memory.
 */
export interface Tape {
  /** To be copied to `base`. */
  readonly bytes: Uint8Array;
  readonly base: number;
  /** Addresses of the first pass and of the end of the last. */
  readonly start: number;
  readonly end: number;
  /** The largest tile that is gathered, in bytes: what each thread needs as scratch, besides THREAD_BYTES. */
  readonly tileBytes: number;
}

/** Scratch of each thread before its tile: the same constant is in kernels/run.as. */
export const THREAD_BYTES = 8192;

const KIND_TILES = 0;
const KIND_WEIGHTS = 1;
const KIND_OVERLAP = 2;

export interface Place {
  readonly precision: Precision;
  /** Address of the state. */
  readonly state: number;
  /** Address of the tape, a multiple of 16. */
  readonly base: number;
}

/** @throws RangeError for a plan whose passes do not list the lowest positions */
export function assemble(plan: Plan, place: Place): Tape {
  const writer = new TapeWriter(place.precision, place.base);
  let tileBytes = 0;
  for (const { qubits, operations } of passesOf(plan)) {
    const pass = passOn(plan.qubits, qubits);
    tileBytes = Math.max(tileBytes, writeTiles(writer, place.state, pass, operations));
  }
  return { ...writer.finish(), tileBytes };
}

/** Sums of squared amplitudes, one f64 a chunk of 2^chunk amplitudes, at `out`. */
export function weightsTape(qubits: number, chunk: number, out: number, place: Place): Tape {
  const writer = new TapeWriter(place.precision, place.base);
  writer.record(KIND_WEIGHTS, [2 ** (qubits - chunk), place.state, chunk, out]);
  return { ...writer.finish(), tileBytes: 0 };
}

export interface Overlap {
  readonly left: number;
  readonly right: number;
  readonly x: number;
  readonly z: number;
}

/** Sums of conj(left[i ^ x]) (-1)^(bits of i & z) right[i], two f64 a chunk, at `out`. */
export function overlapTape(
  qubits: number,
  chunk: number,
  { left, right, x, z }: Overlap,
  out: number,
  place: Place,
): Tape {
  const writer = new TapeWriter(place.precision, place.base);
  writer.record(KIND_OVERLAP, [2 ** (qubits - chunk), left, right, x, z, chunk, out]);
  return { ...writer.finish(), tileBytes: 0 };
}

function passesOf(plan: Plan): { qubits: readonly number[]; operations: Operation[] }[] {
  const passes: { qubits: readonly number[]; operations: Operation[] }[] = [];
  for (const operation of readPlan(plan))
    if (operation.op === PASS) passes.push({ qubits: operation.qubits, operations: [] });
    else passes.at(-1)?.operations.push(operation);
  return passes;
}

function passOn(stateQubits: number, qubits: readonly number[]): Pass {
  let low = 0;
  while (qubits[low] === low) low += 1;
  return { stateQubits, qubits, low };
}

/** @returns the bytes of a tile that has to be gathered, 0 where tiles lie in one piece */
function writeTiles(
  writer: TapeWriter,
  state: number,
  pass: Pass,
  operations: readonly Operation[],
): number {
  const { stateQubits, qubits, low } = pass;
  const high = qubits.slice(low);
  const rowOffsets =
    high.length === 0 ? [] : offsetsOf(high).map((rows) => rows * writer.bytesOf(0));
  const start = writer.begin(KIND_TILES);
  writer.push(2 ** (stateQubits - qubits.length), state, low, high.length, ...high, ...rowOffsets);
  for (const operation of operations) writeOperation(writer, pass, operation);
  writer.end(start);
  return high.length === 0 ? 0 : writer.bytesOf(qubits.length);
}

function writeOperation(writer: TapeWriter, pass: Pass, operation: Operation): void {
  switch (operation.op) {
    case PASS:
      return;
    case ROTATE:
      return writeRotations(writer, pass, operation.rotations);
    case PHASE:
      return phaseRecord(writer, pass, operation);
    case DENSE:
      return writer.dense(pass, operation.qubits, operation.controls, operation.matrix);
    case DIAGONAL:
      return writer.diagonal(pass, operation.qubits, operation.controls, operation.diagonal);
    case FLIP:
      return writer.flip(pass, operation.qubits[0]!, operation.controls);
  }
}

const ROTATE_LANES = 4;

/** Three at a time: as many as keep their amplitudes in the registers of a core. */
function writeRotations(writer: TapeWriter, pass: Pass, rotations: readonly Rotation[]): void {
  const inTile = rotations
    .map((rotation) => ({ ...rotation, qubit: pass.qubits.indexOf(rotation.qubit) }))
    .toSorted((a, b) => a.qubit - b.qubit);
  for (const { qubit, form, t } of inTile.filter((rotation) => writer.inLanes(rotation.qubit))) {
    const at = writer.begin(ROTATE_LANES);
    writer.push(2 ** qubit, form);
    writer.pushReals(
      Array.from({ length: writer.lanes }, (_, lane) => ((lane >> qubit) & 1 ? t : -t)),
    );
    writer.end(at);
  }
  const others = inTile.filter((rotation) => !writer.inLanes(rotation.qubit));
  for (let first = 0; first < others.length; first += 3) {
    const some = others.slice(first, first + 3);
    const at = writer.begin(some.length);
    writer.push(...some.map(({ qubit }) => writer.bitOf(qubit)));
    writer.push(some.reduce((sum, { form }, bit) => sum + form * 2 ** bit, 0));
    if (some.length === 2) writer.push(0);
    writer.pushDoubles(some.map(({ t }) => t));
    writer.end(at);
  }
}
