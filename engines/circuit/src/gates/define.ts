import { controlled, matrixOf, qubitsOf, rotationOf, type Matrix } from '../matrix.ts';
import type { PauliImages } from '../pauli.ts';
import type { Gate } from './gate.ts';
import { stepsOf, useOf } from './steps.ts';

/** One row of the table as it is written there; lists are texts with spaces between. */
export interface Row {
  /** The matrix of a gate without params, or what makes it from them. */
  readonly matrix: Matrix | ((...params: number[]) => Matrix);
  readonly params?: string;
  /** The use of a gate that undoes it; without, the gate undoes itself. */
  readonly inverse?: string;
  /** The decomposition, as steps.ts reads it. */
  readonly steps?: string;
  /** The images of X_0, Z_0, X_1, Z_1 and so on, in the order of Stim's page of gates. */
  readonly stabiliser?: string;
  readonly qasm2?: string;
  readonly qasm3?: string;
  readonly stim?: string;
  readonly symbols: string;
}

const words = (text = ''): readonly string[] => text.split(' ').filter(Boolean);

function imagesOf(text: string): PauliImages {
  const signed = words(text).map((image) => (image.startsWith('-') ? image : `+${image}`));
  return {
    x: signed.filter((_, at) => at % 2 === 0),
    z: signed.filter((_, at) => at % 2 === 1),
  };
}

/** A gate whose name, params and operands types know too, as its row writes them. */
export interface TypedGate<Name extends string, R extends Row> extends Gate {
  readonly name: Name;
  /** For types only; no gate has it. */
  readonly row?: R;
}

/** A gate of the table from its row. */
export function gate<const Name extends string, const R extends Row>(
  name: Name,
  row: R,
): TypedGate<Name, R> {
  const params = words(row.params);
  const { matrix } = row;
  const matrixFor = typeof matrix === 'function' ? matrix : () => matrix;
  return {
    name,
    qubits: qubitsOf(matrixFor(...params.map(() => 0))),
    params,
    matrix: matrixFor,
    inverse: useOf(row.inverse ?? name),
    ...(row.steps === undefined ? {} : { decomposition: stepsOf(row.steps) }),
    ...(row.stabiliser === undefined ? {} : { stabiliser: imagesOf(row.stabiliser) }),
    qasm2: words(row.qasm2),
    qasm3: words(row.qasm3),
    stim: words(row.stim),
    symbols: words(row.symbols),
  };
}

export type Entry = number | readonly [number, number];
export const i: Entry = [0, 1];
export const minusI: Entry = [0, -1];
export const expi = (angle: number): readonly [number, number] => [
  Math.cos(angle),
  Math.sin(angle),
];

/** Entries times exp(i phase). */
export const withPhase = (phase: number, entries: readonly Entry[]): Matrix => {
  const [c, n] = expi(phase);
  return matrixOf(
    entries.map((entry) => {
      const [re, im] = typeof entry === 'number' ? [entry, 0] : entry;
      return [re * c - im * n, re * n + im * c];
    }),
  );
};

/** Half of entries such as `1 -i 1+i`: how Stim's page writes its matrices. */
export const halves = (entries: string): Matrix =>
  matrixOf(
    words(entries).map((entry) => {
      const [, re, im] = /^(-?\d)?([+-]?i)?$/.exec(entry) ?? [];
      return [Number(re ?? 0) / 2, im === undefined ? 0 : im.startsWith('-') ? -0.5 : 0.5];
    }),
  );

/** A matrix with a first operand as control on top, from the same params. */
export const controlledBy =
  (matrix: (...params: number[]) => Matrix) =>
  (...params: number[]): Matrix =>
    controlled(matrix(...params));

/** exp(-i theta/2 P) for a Pauli product P, of one param. */
export const rotating =
  (pauli: Matrix) =>
  (theta = 0): Matrix =>
    rotationOf(pauli, theta);
