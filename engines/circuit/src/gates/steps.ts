import type { GateInstruction } from '../circuit.ts';
import type { BinaryOperator, Expression } from '../expression.ts';
import type { GateUse } from './gate.ts';

/**
 * Reads the short notation in which this table writes decompositions: steps as
 * `p(lambda/2) 0; cx 0 1`, angles with `+ - * /`, `pi`, numbers and the names of params.
 */
export function stepsOf(text: string): GateInstruction[] {
  if (text === '') return [];
  return text.split(';').map((step) => {
    const [, use = '', operands = ''] = /^\s*(\w+(?:\(.*\))?)((?:\s+\d+)*)\s*$/.exec(step) ?? [];
    const qubits = operands.split(' ').filter(Boolean).map(Number);
    return { kind: 'gate', ...useOf(use), qubits };
  });
}

/** Reads one use of a gate in the same notation: `u3(-theta, -lambda, -phi)`. */
export function useOf(text: string): GateUse {
  const [, gate, params] = /^(\w+)(?:\((.*)\))?$/.exec(text) ?? [];
  if (gate === undefined) throw new TypeError(`Not a use of a gate: ${text}`);
  return { gate, params: params === undefined ? [] : params.split(',').map(angleOf) };
}

const number = (value: number): Expression => ({ kind: 'literal', value });

/** An operation on two angles, computed at once where both are numbers. */
function operate(op: BinaryOperator, left: Expression, right: Expression): Expression {
  if (left.kind === 'literal' && right.kind === 'literal') {
    const [a, b] = [Number(left.value), Number(right.value)];
    return number(op === '+' ? a + b : op === '-' ? a - b : op === '*' ? a * b : a / b);
  }
  return { kind: 'binary', op, left, right };
}

function angleOf(text: string): Expression {
  const tokens = text.match(/[a-z]\w*|[\d.]+|[-+*/()]/g) ?? [];
  let at = 0;
  const sum = (): Expression => {
    let result = product();
    while (tokens[at] === '+' || tokens[at] === '-') {
      const op = tokens[at] === '+' ? '+' : '-';
      at += 1;
      result = operate(op, result, product());
    }
    return result;
  };
  const product = (): Expression => {
    let result = factor();
    while (tokens[at] === '*' || tokens[at] === '/') {
      const op = tokens[at] === '*' ? '*' : '/';
      at += 1;
      result = operate(op, result, factor());
    }
    return result;
  };
  const factor = (): Expression => {
    const token = tokens[at];
    if (token === undefined) throw new TypeError(`Not an angle: ${text}`);
    at += 1;
    if (token === '(') {
      const inside = sum();
      at += 1;
      return inside;
    }
    if (token === '-') {
      const of = factor();
      if (of.kind === 'literal') return number(-Number(of.value));
      return { kind: 'unary', op: '-', of };
    }
    if (token === 'pi') return number(Math.PI);
    return /\d/.test(token[0]!) ? number(Number(token)) : { kind: 'parameter', name: token };
  };
  return sum();
}
