import { DecimalError } from '../error.ts';

/**
 * The conditions of the General Decimal Arithmetic Specification 1.70, each a bit, so that a status
 * is a number.
 */
export const CONDITIONS = {
  clamped: 1,
  conversion_syntax: 1 << 1,
  division_by_zero: 1 << 2,
  division_impossible: 1 << 3,
  division_undefined: 1 << 4,
  inexact: 1 << 5,
  insufficient_storage: 1 << 6,
  invalid_context: 1 << 7,
  invalid_operation: 1 << 8,
  overflow: 1 << 9,
  rounded: 1 << 10,
  subnormal: 1 << 11,
  underflow: 1 << 12,
} as const;

export type Condition = keyof typeof CONDITIONS;

/** The conditions under the signal invalid-operation: whoever traps that one traps them all. */
export const INVALID =
  CONDITIONS.conversion_syntax |
  CONDITIONS.division_impossible |
  CONDITIONS.division_undefined |
  CONDITIONS.insufficient_storage |
  CONDITIONS.invalid_context |
  CONDITIONS.invalid_operation;

/** The names of the conditions of a status, in alphabetical order. */
export const conditionsOf = (status: number): Condition[] =>
  (Object.keys(CONDITIONS) as Condition[]).filter((name) => (status & CONDITIONS[name]) !== 0);

/** A condition that the context traps. Nothing has a result then. */
export class TrappedCondition extends DecimalError {
  readonly conditions: readonly Condition[];

  constructor(conditions: readonly Condition[]) {
    super(`the context does not allow ${conditions.join(', ').replaceAll('_', ' ')}`);
    this.conditions = conditions;
  }
}
