import type { Expression, Value } from '../../expression.ts';

/** Types of values while a text is lowered. */
export type Type =
  | { readonly kind: 'bool' | 'bit' | 'float' | 'duration' }
  | { readonly kind: 'bits'; readonly size: number }
  /** Without a width: a number as it was written, exact, which takes the type of its neighbour. */
  | { readonly kind: 'int' | 'uint'; readonly width: number | undefined }
  /** With a width: a fixed-point fraction of a turn. Without: radians, as exact as a float. */
  | { readonly kind: 'angle'; readonly width: number | undefined };

/** A value in a text. */
export interface Typed {
  readonly type: Type;
  /** What computes it while the circuit runs. */
  readonly value: Expression;
  /** The value itself, where it is known before. */
  readonly known: Value | undefined;
}

/** Bits of an `int` or `uint` that does not say how many it has. */
export const DEFAULT_WIDTH = 64;

export const BOOL: Type = { kind: 'bool' };
export const BIT: Type = { kind: 'bit' };
export const FLOAT: Type = { kind: 'float' };
export const NUMERAL: Type = { kind: 'int', width: undefined };

export const literal = (value: Value): Expression => ({ kind: 'literal', value });

/** A value that is known. */
export const constant = (type: Type, value: Value): Typed => ({
  type,
  value: literal(value),
  known: value,
});

/** Constants of every text of version 3. */
export const CONSTANTS: ReadonlyMap<string, number> = new Map([
  ['pi', Math.PI],
  ['π', Math.PI],
  ['tau', 2 * Math.PI],
  ['τ', 2 * Math.PI],
  ['euler', Math.E],
  ['ℇ', Math.E],
]);

/** A type as it is written. */
export function typeText(type: Type): string {
  switch (type.kind) {
    case 'bits':
      return `bit[${type.size}]`;
    case 'int':
    case 'uint':
    case 'angle':
      return type.width === undefined ? type.kind : `${type.kind}[${type.width}]`;
    default:
      return type.kind;
  }
}

/** Number of bits of a type that has bits. */
export function widthOf(type: Type): number | undefined {
  if (type.kind === 'bits') return type.size;
  if (type.kind === 'bit' || type.kind === 'bool') return 1;
  return 'width' in type ? type.width : undefined;
}
