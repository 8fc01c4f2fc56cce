import type { Circuit, Register } from '../circuit.ts';
import type { Expression, Value } from '../expression.ts';

/** The longest label; what is longer ends in an ellipsis. */
const LABEL_LENGTH_MAX = 48;

export const shortened = (text: string, length = LABEL_LENGTH_MAX): string =>
  text.length <= length ? text : `${text.slice(0, length - 1)}…`;

/** A number of radians: as a fraction of pi where it is one with a small denominator. */
export function angleLabel(value: number): string {
  for (const parts of [1, 2, 3, 4, 6, 8, 16]) {
    const count = (value / Math.PI) * parts;
    const whole = Math.round(count);
    if (whole === 0 || Math.abs(count - whole) > 1e-9 || Math.abs(whole) > 64) continue;
    const times = Math.abs(whole) === 1 ? '' : String(Math.abs(whole));
    return `${whole < 0 ? '-' : ''}${times}π${parts === 1 ? '' : `/${parts}`}`;
  }
  return numberLabel(value);
}

export const numberLabel = (value: number): string => String(Number(value.toPrecision(4)));

const valueLabel = (value: Value): string =>
  typeof value === 'number' ? angleLabel(value) : String(value);

/** The register that a bit or qubit stands in, and its place there: `c[2]`. */
export function placeLabel(registers: readonly Register[], index: number): string {
  const found = registers.find(({ start, size }) => index >= start && index < start + size);
  return found === undefined ? String(index) : `${found.name}[${index - found.start}]`;
}

/** An expression for people: infix, with brackets around every operation within another. */
export function expressionLabel(circuit: Circuit, expression: Expression): string {
  return shortened(written(circuit, expression, 0));
}

/** Deeper than this an expression is an ellipsis; its label would be cut there anyway. */
const DEPTH_MAX = 12;

function written(circuit: Circuit, expression: Expression, depth: number): string {
  if (depth > DEPTH_MAX) return '…';
  const inner = (of: Expression): string =>
    of.kind === 'binary' ? `(${written(circuit, of, depth + 1)})` : written(circuit, of, depth + 1);
  switch (expression.kind) {
    case 'literal':
      return valueLabel(expression.value);
    case 'parameter':
      return expression.name;
    case 'bit':
      return placeLabel(circuit.bitRegisters, expression.bit);
    case 'bits':
      return bitsLabel(circuit, expression.start, expression.size);
    case 'variable':
      return circuit.variables[expression.variable]?.name ?? `variable ${expression.variable}`;
    case 'record':
      return `rec[${expression.offset}]`;
    case 'unary':
      return expression.op + inner(expression.of);
    case 'binary':
      return `${inner(expression.left)} ${expression.op} ${inner(expression.right)}`;
    case 'call':
      return `${expression.name}(${expression.of.slice(0, 4).map(inner).join(', ')})`;
  }
}

function bitsLabel(circuit: Circuit, start: number, size: number): string {
  const whole = circuit.bitRegisters.find((of) => of.start === start && of.size === size);
  return whole?.name ?? `${placeLabel(circuit.bitRegisters, start)}+${size}`;
}
