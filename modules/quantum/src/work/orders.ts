import type { JsonValue } from '@anarq/common-schemas';
import type { Method, RunProgress, Speeds } from '@anarq/quantum-engine';
import type { Format, MethodName } from '../models.ts';

/** The circuit of an order. */
export interface Source {
  readonly text: string;
  readonly format?: Format | undefined;
  readonly parameters?: Readonly<Record<string, number>> | undefined;
  /** Depolarising probability after each gate, and readout error of each measurement. */
  readonly noise?: number | undefined;
  /** In place of `noise`: a noise model as JSON. */
  readonly noiseModel?: JsonValue | undefined;
}

export type Precision = 'f32' | 'f64';

/** What is asked of it; what is left out has the default of `limits.ts`. */
export interface Asked {
  readonly shots?: number | undefined;
  readonly observables?: readonly string[] | undefined;
  readonly method?: MethodName | undefined;
  readonly precision?: Precision | undefined;
  readonly threads?: number | undefined;
  /** The same bits on every machine and with any number of threads. */
  readonly strict?: boolean | undefined;
}

/** What a worker is given to do. */
export type WorkOrder =
  | {
      readonly kind: 'plan';
      readonly source: Source;
      readonly asked: Asked;
      /** Bytes that the run may take. */
      readonly memory_bytes: number;
      /** Of what it will be run with; the default ones unless given. */
      readonly speeds?: Speeds | undefined;
    }
  | {
      readonly kind: 'run';
      readonly source: Source;
      readonly asked: Asked;
      /** A decimal number below 2^64. */
      readonly seed: string;
      /** Bytes that the run may take. */
      readonly memory_bytes: number;
      readonly speeds?: Speeds | undefined;
    }
  /** Measures what state vectors will be run with. */
  | { readonly kind: 'speeds'; readonly asked: Asked }
  | {
      readonly kind: 'draw';
      readonly source: Source;
      readonly as: 'text' | 'svg';
    }
  | { readonly kind: 'convert'; readonly source: Source; readonly to: Format };

export interface Facts {
  readonly circuitHash: string;
  readonly format: Format;
  readonly qubits: number;
  readonly bits: number;
  readonly instructions: number;
  readonly registers: { readonly name: string; readonly size: number }[];
  readonly measuresAll: boolean;
}

export interface Plan {
  readonly circuit: Facts;
  readonly shots: number;
  readonly method: Method;
  readonly why: string;
  readonly precision: Precision;
  readonly memory_bytes: number;
  readonly duration_us: number;
  /** Without a number where it is beyond 2^53. */
  readonly alternatives: {
    readonly method: string;
    readonly isPossible: boolean;
    readonly why: string;
    readonly memory_bytes?: number;
    readonly duration_us?: number;
  }[];
}

/** What came of a run. */
export interface Measured {
  readonly circuit: Facts;
  readonly shots: number;
  /** How many different outcomes there were; `counts` has the most frequent of them. */
  readonly outcomes: number;
  readonly counts: (readonly [bits: string, count: number])[];
  readonly expectations: {
    readonly observable: string;
    readonly value: number;
    readonly standardError: number;
  }[];
  readonly discardedWeight?: number;
  readonly method: string;
  readonly why: string;
  readonly precision: Precision;
  readonly memory_bytes: number;
  readonly duration_us: number;
  readonly engineVersion: string;
  readonly executor: string;
  /** As it was asked for; a result of before has none. */
  readonly strict?: boolean;
  readonly resultHash: string;
  readonly seed: string;
  /** As it was asked for. */
  readonly noise?: JsonValue;
}

/** What each kind of order is answered with. */
export interface Answers {
  readonly plan: Plan;
  readonly run: Measured;
  readonly speeds: Speeds;
  readonly draw: { readonly drawing: string };
  readonly convert: { readonly text: string; readonly format: Format };
}

/** Why an order is refused: the circuit, with the place where it has one, or a limit. */
export interface Refusal {
  readonly code: 'SYNTAX' | 'SEMANTICS' | 'LIMIT' | 'UNSUPPORTED' | 'INPUT';
  readonly message: string;
  readonly line?: number;
  readonly column?: number;
  /** The line, or the part of it around the place. */
  readonly excerpt?: string;
  /** Where in the excerpt the place is, counted from 0. */
  readonly caret?: number;
}

/** What comes back from a worker about an order. */
export type WorkNews =
  /** It has started and has the order: from now on its time counts. */
  | { readonly id: number; readonly kind: 'begun' }
  | { readonly id: number; readonly kind: 'answer'; readonly answer: Answers[keyof Answers] }
  | { readonly id: number; readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly id: number; readonly kind: 'failed'; readonly message: string }
  | { readonly id: number; readonly kind: 'progress'; readonly progress: RunProgress };

/** A worker refused an order. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

/** An order took longer than it may; its worker was ended. */
export class OutOfTime extends Error {
  override readonly name = 'OutOfTime';
}

/** A worker is gone, or failed by a defect; the order is as if it had not been given. */
export class WorkerLost extends Error {
  override readonly name = 'WorkerLost';
}
