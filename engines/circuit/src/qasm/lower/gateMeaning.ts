import type { GateInstruction, UnitaryInstruction } from '../../circuit.ts';
import type { Source } from '../source.ts';
import type { Statement } from '../syntax.ts';

/** What the name of a gate stands for in a text. */
export type GateMeaning = {
  /** Whether the text defines it itself, rather than a standard file. */
  readonly isOwn: boolean;
  readonly params: number;
  readonly qubits: number;
} & (
  | {
      /** A gate of the circuit: of the table, or one that it defines. */
      readonly kind: 'gate';
      readonly gate: string;
      /**
       * `u2` and `u3` of stdgates.inc are those of the table times exp(-i(phi + lambda)/2), which
       * matters where they are controlled.
       */
      readonly hasHalfPhase?: boolean;
    }
  /** A definition that is read again for each call, since it holds what no gate of a circuit can. */
  | {
      readonly kind: 'inline';
      readonly definition: Statement & { kind: 'gate' };
      readonly source: Source;
    }
  | { readonly kind: 'opaque' }
);

/** A part of what a call of a gate does; its qubits are operands of the call, from 0. */
export type Step = GateInstruction | UnitaryInstruction;
