import type { Expression } from './expression.ts';

/**
 * A circuit: what the parsers and the builder make, and the simulators, writers and drawings read.
 *
 * Qubits and classical bits are numbered from 0 through all registers in the order of declaration.
 * Qubit `k` is bit `k` of the index of a basis state (qubit 0 the least significant), everywhere.
 */
export interface Circuit {
  readonly name?: string;
  readonly qubits: number;
  /** In the order of declaration; they cover all qubits, without overlap. */
  readonly qubitRegisters: readonly Register[];
  readonly bits: number;
  /** In the order of declaration; they cover all bits, without overlap. */
  readonly bitRegisters: readonly Register[];
  /** Classical variables that live while the circuit runs; `variable` expressions name them by index. */
  readonly variables: readonly Variable[];
  /** Names of values that are given before the circuit runs. */
  readonly parameters: readonly string[];
  /** Gates that the circuit defines itself; a body is made of gates only. */
  readonly customGates: readonly CustomGate[];
  readonly body: readonly Instruction[];
}

export interface Register {
  readonly name: string;
  readonly start: number;
  readonly size: number;
  /** Bits that only the circuit itself uses, and no result tells: those of a subroutine, for one. */
  readonly internal?: boolean;
}

/** The registers that results tell: those that are not internal, or all where every one is. */
export function toldRegisters(registers: readonly Register[]): readonly Register[] {
  const told = registers.filter(({ internal }) => internal !== true);
  return told.length > 0 ? told : registers;
}

export interface Variable {
  readonly name: string;
  readonly type: ClassicalType;
}

/** `width` counts bits; an `angle` of width w is a fixed-point fraction of a turn. */
export type ClassicalType =
  | { readonly kind: 'bool' }
  | { readonly kind: 'int' | 'uint' | 'angle'; readonly width: number }
  | { readonly kind: 'float' };

/** A gate that a circuit defines: its body names its own qubits 0 to `qubits - 1`, its parameters by name. */
export interface CustomGate {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly qubits: number;
  readonly body: readonly GateInstruction[];
}

/** A place in the text that a circuit was read from; both count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
  /** The name of the file that the text includes, if the place is there. */
  readonly file?: string;
}

export type Instruction =
  | GateInstruction
  | UnitaryInstruction
  | MeasureInstruction
  | ResetInstruction
  | BarrierInstruction
  | NoiseInstruction
  | AssignInstruction
  | IfInstruction
  | WhileInstruction
  | RepeatInstruction
  | JumpInstruction
  | DetectorInstruction
  | ObservableInstruction
  | CoordinatesInstruction;

/**
 * A gate of the table (gates.ts) or of `customGates`, by name. `qubits` are the gate's own, in its
 * order; `controls` come on top of them and act where each control has its value.
 */
export interface GateInstruction {
  readonly kind: 'gate';
  readonly gate: string;
  readonly params: readonly Expression[];
  readonly qubits: readonly number[];
  readonly controls?: readonly Control[];
}

export interface Control {
  readonly qubit: number;
  readonly value: 0 | 1;
}

/** A matrix given by its entries, as in `Matrix` of matrix.ts: what a fractional power becomes, for one. */
export interface UnitaryInstruction {
  readonly kind: 'unitary';
  readonly matrix: Float64Array;
  readonly qubits: readonly number[];
  readonly controls?: readonly Control[];
  readonly label?: string;
}

/**
 * Measures in the basis Z. The result goes to `bit` where there is one, and always to the end of the
 * measurement record, to which detectors and observables point back. `flip` is the probability that
 * the result is told wrong (readout error); the qubit itself is not changed by it.
 */
export interface MeasureInstruction {
  readonly kind: 'measure';
  readonly qubit: number;
  readonly bit?: number;
  readonly flip?: number;
  /** Told the other way round, as `!` does in .stim files. */
  readonly inverted?: boolean;
}

/** Brings a qubit to |0>. */
export interface ResetInstruction {
  readonly kind: 'reset';
  readonly qubit: number;
}

/** What stands before it and after it is kept apart. Without qubits it goes across all of them. */
export interface BarrierInstruction {
  readonly kind: 'barrier';
  readonly qubits: readonly number[];
}

/** A noise channel of the table (channels.ts), by name, on as many qubits as it takes. */
export interface NoiseInstruction {
  readonly kind: 'noise';
  readonly channel: string;
  readonly params: readonly number[];
  readonly qubits: readonly number[];
}

export interface AssignInstruction {
  readonly kind: 'assign';
  readonly to: Target;
  readonly value: Expression;
}

export type Target =
  | { readonly kind: 'bit'; readonly bit: number }
  | { readonly kind: 'bits'; readonly start: number; readonly size: number }
  | { readonly kind: 'variable'; readonly variable: number };

export interface IfInstruction {
  readonly kind: 'if';
  readonly condition: Expression;
  readonly then: readonly Instruction[];
  readonly else: readonly Instruction[];
}

/** Runs `body` as long as the condition holds; more than `WHILE_ROUNDS_MAX` rounds are an error. */
export interface WhileInstruction {
  readonly kind: 'while';
  readonly condition: Expression;
  readonly body: readonly Instruction[];
}

export interface RepeatInstruction {
  readonly kind: 'repeat';
  readonly times: number;
  readonly body: readonly Instruction[];
}

/** `end` ends the shot; the others end the innermost loop, or this round of it. */
export interface JumpInstruction {
  readonly kind: 'break' | 'continue' | 'end';
}

/** The parity of these results is the same in every shot without noise. Offsets count back from the end of the record: -1 is the last. */
export interface DetectorInstruction {
  readonly kind: 'detector';
  readonly records: readonly number[];
  readonly coordinates: readonly number[];
}

/** These results are part of a logical observable. */
export interface ObservableInstruction {
  readonly kind: 'observable';
  readonly index: number;
  readonly records: readonly number[];
}

/**
 * Says where qubits are; without qubits, moves the origin of all coordinates that follow. It does
 * nothing to the state.
 */
export interface CoordinatesInstruction {
  readonly kind: 'coordinates';
  readonly qubits: readonly number[];
  readonly coordinates: readonly number[];
}

/** Limits of a circuit. What goes beyond is refused with the number, before memory is taken for it. */
export const QUBITS_MAX = 1_000_000;
export const BITS_MAX = 10_000_000;
export const INSTRUCTIONS_MAX = 20_000_000;
export const NESTING_MAX = 64;
export const WHILE_ROUNDS_MAX = 1_000_000;
