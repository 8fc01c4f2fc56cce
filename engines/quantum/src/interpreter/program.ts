import type { Control, Expression, Gate, Matrix, Target, Variable } from '@anarq/circuit';
import type { NoiseChannel } from './channel.ts';

/**
 * A circuit as one list of operations with jumps: what a machine walks through, once a shot. Gates of the
 * circuit itself are gone, angles are matrices where they do not depend on what is measured, and one
 * instruction of noise on many qubits is many operations.
 */
export interface Program {
  readonly qubits: number;
  readonly bits: number;
  readonly variables: readonly Variable[];
  readonly code: readonly Operation[];
  /** Counters of rounds that loops need. */
  readonly loops: number;
  /** How far back detectors and observables point into the record of measurements. */
  readonly lookback: number;
  /** The bits in the order in which a key shows them. */
  readonly keyOrder: Int32Array;
}

export type Operation = QuantumOperation | ClassicalOperation;

/** What a simulator has to do; the rest a machine does by itself. */
export type QuantumOperation = Apply | Measure | Reset | Noise;

interface Apply {
  readonly op: 'apply';
  readonly matrix: Matrix;
  readonly qubits: readonly number[];
  readonly controls: readonly Control[];
}

export interface Measure {
  readonly op: 'measure';
  readonly qubit: number;
  readonly bit: number | undefined;
  /** The probability that the result is told wrong. */
  readonly flip: number;
  readonly inverted: boolean;
}

interface Reset {
  readonly op: 'reset';
  readonly qubit: number;
}

interface Noise {
  readonly op: 'noise';
  readonly channel: NoiseChannel;
  readonly qubits: readonly number[];
}

type ClassicalOperation =
  /** A gate whose angles are known when it is reached. */
  | {
      readonly op: 'gate';
      readonly gate: Gate;
      readonly params: readonly Expression[];
      readonly qubits: readonly number[];
      readonly controls: readonly Control[];
    }
  | { readonly op: 'assign'; readonly to: Target; readonly value: Expression }
  | { readonly op: 'unless'; readonly condition: Expression; readonly target: number }
  | { readonly op: 'jump'; readonly target: number }
  | { readonly op: 'enter'; readonly loop: number }
  /** Goes on as long as the condition holds (one without a condition: `times` rounds), else to `exit`. */
  | {
      readonly op: 'round';
      readonly loop: number;
      readonly condition: Expression | undefined;
      readonly times: number;
      readonly exit: number;
    }
  | { readonly op: 'detector'; readonly records: readonly number[] }
  | { readonly op: 'observable'; readonly index: number; readonly records: readonly number[] };
