import { BITS_MAX } from '../../circuit.ts';
import type { ArrayType, Expr, ScalarType } from '../syntax.ts';
import { constantOf, sizeFrom } from './casts.ts';
import type { Context } from './context.ts';
import { BIT, BOOL, FLOAT, type Type } from './types.ts';

/** The most bits of an `int`, `uint` or `angle`. */
const WIDTH_MAX = 65_536;

/** The type that is written. */
export function lowerType(context: Context, type: ScalarType | ArrayType): Type {
  if (type.kind === 'arrayType')
    return context.wrong('An array cannot stand here: declare it by itself', type);
  const { base, size } = type;
  const width = (limit: number): number | undefined =>
    size === undefined ? undefined : lowerSize(context, size.of, 'A size', limit);
  switch (base) {
    case 'bool':
      return BOOL;
    case 'bit': {
      const bits = width(BITS_MAX);
      return bits === undefined ? BIT : { kind: 'bits', size: bits };
    }
    case 'int':
    case 'uint':
      return { kind: base, width: width(WIDTH_MAX) ?? 64 };
    case 'angle':
      return { kind: 'angle', width: width(WIDTH_MAX) };
    case 'float':
      // Every float is computed in 64 bits.
      width(WIDTH_MAX);
      return FLOAT;
    case 'duration':
      return { kind: 'duration' };
    case 'stretch':
      return context.unsupported('stretch needs a schedule, which is not supported', type);
    case 'complex':
      return context.unsupported('Complex numbers are not supported', type);
  }
}

/** A size that is written, known before the circuit runs. */
export function lowerSize(
  context: Context,
  expr: Expr,
  what: string,
  limit: number,
  least: 0 | 1 = 1,
): number {
  return sizeFrom(context, constantOf(context, expr, what), what, limit, expr, least);
}
