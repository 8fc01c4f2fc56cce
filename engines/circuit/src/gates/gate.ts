import type { GateInstruction } from '../circuit.ts';
import type { Expression } from '../expression.ts';
import type { Matrix } from '../matrix.ts';
import type { PauliImages } from '../pauli.ts';

/**
 * A gate that every parser, simulator, writer and drawing knows. What it does is its matrix; the rest
 * of what is known of it stands beside it and is held to the matrix by tests.
 */
export interface Gate {
  /** Its name in circuits: the one of OpenQASM's stdgates.inc where there is one, else Stim's or Qiskit's in lower case. */
  readonly name: string;
  readonly qubits: number;
  /** Names of its parameters, all real numbers (angles in radians). */
  readonly params: readonly string[];
  /** Its matrix (see matrix.ts for the order of operands and entries), global phase included. */
  readonly matrix: (...params: number[]) => Matrix;
  /** The gate that undoes it on the same operands, global phase included; its params name those of this gate. */
  readonly inverse: GateUse;
  /**
   * The same in smaller gates of the table, in the order they act, global phase included. `qubits`
   * are the operands of this gate, and params name its params. Absent for what all others end in:
   * `u3`, `cx` and `gphase`.
   */
  readonly decomposition?: readonly GateInstruction[];
  /** For a Clifford gate without params: where it takes the generators (see pauli.ts). */
  readonly stabiliser?: PauliImages;
  /**
   * Its names in qelib1.inc, the first for writing. OpenQASM 2 has no global phase, so a name stands
   * here where the gate there is the same up to one.
   */
  readonly qasm2: readonly string[];
  /** Its names in stdgates.inc (or built in), the first for writing; there it has exactly this matrix. */
  readonly qasm3: readonly string[];
  /** Its names in .stim files, the first for writing. */
  readonly stim: readonly string[];
  /**
   * How each operand is drawn: `●` a control, `○` a control that acts on 0, `⊕` a target of X,
   * `×` one of a pair that changes places, and every other text a box with this text in it.
   */
  readonly symbols: readonly string[];
}

/** A gate of the table with its params. */
export interface GateUse {
  readonly gate: string;
  readonly params: readonly Expression[];
}
