import type { Assigned, Span } from '../syntax.ts';
import type { Type } from './types.ts';
import type { Wires } from './wires.ts';

/** A subroutine that is inlined. */
export interface Call {
  readonly name: string;
  readonly returns: Type | undefined;
  /** How deep the body is inside of control flow, and where its value goes. */
  readonly nesting: number;
  readonly result: ((value: Assigned, at: Span) => void) | undefined;
  /** Whether a `return` came that always comes. */
  isOver: boolean;
}

/** Bits and variables of blocks, by where they are declared. */
export interface Places {
  readonly bits: Map<string, Wires>;
  readonly variables: Map<string, number>;
}
