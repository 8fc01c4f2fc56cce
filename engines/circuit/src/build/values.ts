import type { Control } from '../circuit.ts';
import type { BinaryOperator, Expression, Value } from '../expression.ts';

/** A param of a gate: a number of radians, or what becomes one. */
export type Angle = number | Expression;

/** A control: a qubit that acts where it is 1, or with the value where it acts. */
export type ControlOn = number | Control;

export const angleOf = (angle: Angle): Expression =>
  typeof angle === 'number' ? { kind: 'literal', value: angle } : angle;

export const controlOf = (control: ControlOn): Control =>
  typeof control === 'number' ? { qubit: control, value: 1 } : control;

/** A value that is given before the circuit runs. */
export const parameter = (name: string): Expression => ({ kind: 'parameter', name });

/** A bit as a condition. */
export const bit = (index: number): Expression => ({ kind: 'bit', bit: index });

/** A result as a condition, counted back: -1 is the last. */
export const record = (offset: number): Expression => ({ kind: 'record', offset });

/** An operation on two expressions or values: `operate(parameter('theta'), '/', 2)`. */
export const operate = (
  left: Value | Expression,
  op: BinaryOperator,
  right: Value | Expression,
): Expression => ({ kind: 'binary', op, left: operandOf(left), right: operandOf(right) });

export const operandOf = (operand: Value | Expression): Expression =>
  typeof operand === 'object' ? operand : { kind: 'literal', value: operand };
