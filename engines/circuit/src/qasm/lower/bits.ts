import type { Expression } from '../../expression.ts';
import { castExpression } from './operators.ts';
import { BIT, literal, type Type, type Typed } from './types.ts';
import { wire, type Wires } from './wires.ts';

/** Bits as a number, the first of them the least significant. */
export function bitsValue(wires: Wires, isRegister: boolean): Typed {
  if (!isRegister)
    return { type: BIT, value: { kind: 'bit', bit: wire(wires, 0) }, known: undefined };
  const type: Type = { kind: 'bits', size: wires.size };
  if (wires.list === undefined)
    return {
      type,
      value: { kind: 'bits', start: wires.start, size: wires.size },
      known: undefined,
    };
  return { type, value: joined(wires.list.map((bit) => ({ kind: 'bit', bit }))), known: undefined };
}

/** Single bits put together, the first of them the least significant. */
export function joined(bits: readonly Expression[]): Expression {
  const size = bits.length;
  const shifted = bits.map((bit, at): Expression => {
    const wide = castExpression('uint', bit, size);
    return at === 0 ? wide : { kind: 'binary', op: '<<', left: wide, right: literal(BigInt(at)) };
  });
  return balanced(shifted);
}

/** An `|` of many, as high as the logarithm of their number. */
function balanced(parts: readonly Expression[]): Expression {
  const [first] = parts;
  if (parts.length <= 1) return first ?? literal(0n);
  const middle = parts.length >> 1;
  return {
    kind: 'binary',
    op: '|',
    left: balanced(parts.slice(0, middle)),
    right: balanced(parts.slice(middle)),
  };
}
