/**
 * What is computed classically: angles before a circuit runs, conditions and assignments while it runs.
 * A value is a boolean, a bigint (bit registers, int, uint, angle) or a number (float).
 */
export type Expression =
  | { readonly kind: 'literal'; readonly value: Value }
  | { readonly kind: 'parameter'; readonly name: string }
  | { readonly kind: 'bit'; readonly bit: number }
  /** A bit register as an unsigned number, its bit 0 the least significant. */
  | { readonly kind: 'bits'; readonly start: number; readonly size: number }
  | { readonly kind: 'variable'; readonly variable: number }
  /** A result of the measurement record, counted back from its end: -1 is the last. */
  | { readonly kind: 'record'; readonly offset: number }
  | { readonly kind: 'unary'; readonly op: UnaryOperator; readonly of: Expression }
  | {
      readonly kind: 'binary';
      readonly op: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: 'call'; readonly name: FunctionName; readonly of: readonly Expression[] };

export type Value = boolean | bigint | number;

export type UnaryOperator = '-' | '!' | '~';

export type BinaryOperator =
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '**'
  | '=='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | '&&'
  | '||'
  | '&'
  | '|'
  | '^'
  | '<<'
  | '>>';

/**
 * Built-in functions of OpenQASM 3.1 (section "Built-in mathematical functions"), and the casts to
 * its types. `int`, `uint` and `angle` take a second operand, a literal bigint: the width in bits
 * (64 without it). A cast to bit[n] is one to `uint` of width n.
 */
export type FunctionName =
  | 'arccos'
  | 'arcsin'
  | 'arctan'
  | 'ceiling'
  | 'cos'
  | 'exp'
  | 'floor'
  | 'log'
  | 'mod'
  | 'popcount'
  | 'pow'
  | 'rotl'
  | 'rotr'
  | 'sin'
  | 'sqrt'
  | 'tan'
  | 'bool'
  | 'int'
  | 'uint'
  | 'angle'
  | 'float';
