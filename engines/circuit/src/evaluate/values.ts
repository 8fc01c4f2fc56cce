import type { ClassicalType } from '../circuit.ts';
import { CircuitError } from '../error.ts';
import type { Value } from '../expression.ts';

/** The widest integer that is computed with, in bits. */
export const CLASSICAL_BITS_MAX = 65_536;

/** A type of OpenQASM, or that of literals and parameters, which adapt: an exact integer. */
export type ValueType = ClassicalType | { readonly kind: 'exact' };

export interface Typed {
  readonly type: ValueType;
  /** boolean for bool, number for float, bigint for the others. */
  readonly value: Value;
}

export function refuse(message: string): never {
  throw new CircuitError('SEMANTICS', message);
}

export function tooWide(bits: number): never {
  throw new CircuitError(
    'LIMIT',
    `An integer has at most ${CLASSICAL_BITS_MAX} bits where it is computed with; this one would have ${bits}.`,
  );
}

/** The fraction of a turn is counted in 2^-53 where a float becomes an angle. */
const ANGLE_BITS = 53n;
const TURN = 2 * Math.PI;

export const isInteger = (typed: Typed): boolean =>
  typed.type.kind === 'int' || typed.type.kind === 'uint' || typed.type.kind === 'exact';

export const truth = ({ value }: Typed): boolean =>
  typeof value === 'boolean' ? value : typeof value === 'bigint' ? value !== 0n : value !== 0;

/** A number: an angle in radians, an integer as the nearest double. */
export function radiansOf({ type, value }: Typed): number {
  if (type.kind !== 'angle') return Number(value);
  const width = BigInt(type.width);
  const bits = BigInt(value);
  const fraction =
    width <= ANGLE_BITS
      ? Number(bits) / 2 ** Number(width)
      : Number(bits >> (width - ANGLE_BITS)) / 2 ** Number(ANGLE_BITS);
  return fraction * TURN;
}

/** An integer of a value: a float truncated, a bool 0 or 1, an angle as the number its bits make. */
export function integerOf({ value }: Typed): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (!Number.isFinite(value)) return refuse(`${value} is no integer.`);
  return BigInt(Math.trunc(value));
}

/** An integer brought into a type of integers, or as it is where it is exact and not too long. */
export function wrapped(value: bigint, type: ValueType): Typed {
  if (type.kind === 'int') return { type, value: BigInt.asIntN(type.width, value) };
  if (type.kind === 'uint' || type.kind === 'angle')
    return { type, value: BigInt.asUintN(type.width, value) };
  const bits = bitLength(value);
  return bits > CLASSICAL_BITS_MAX ? tooWide(bits) : { type: { kind: 'exact' }, value };
}

export const bitLength = (value: bigint): number => {
  const digits = (value < 0n ? -value : value).toString(16);
  return 4 * (digits.length - 1) + 32 - Math.clz32(Number.parseInt(digits[0]!, 16));
};

/** An angle of another width: extended by zeros, or cut. */
const rescaled = (bits: bigint, from: number, to: number): bigint =>
  to >= from ? bits << BigInt(to - from) : bits >> BigInt(from - to);

/** A value as one of a type. */
export function castTo(typed: Typed, type: ClassicalType): Typed {
  switch (type.kind) {
    case 'bool':
      return { type, value: truth(typed) };
    case 'float':
      return { type, value: radiansOf(typed) };
    case 'int':
    case 'uint':
      return wrapped(integerOf(typed), type);
    case 'angle': {
      if (type.width > CLASSICAL_BITS_MAX) return tooWide(type.width);
      if (typed.type.kind === 'angle')
        return { type, value: rescaled(integerOf(typed), typed.type.width, type.width) };
      if (typeof typed.value !== 'number') return wrapped(integerOf(typed), type);
      if (!Number.isFinite(typed.value)) return refuse(`${typed.value} is no angle.`);
      const turns = typed.value / TURN;
      // Exact: the fraction has at most 53 bits, and to scale it by a power of two loses none.
      const width = Math.min(type.width, Number(ANGLE_BITS));
      const bits = BigInt(Math.round((turns - Math.floor(turns)) * 2 ** width));
      return wrapped(rescaled(bits, width, type.width), type);
    }
  }
}
