import type { Expression } from '../../expression.ts';
import type { Expr, IndexOperator, Span } from '../syntax.ts';
import { elementValue, isOfArray } from './arrays.ts';
import { bitsValue, joined } from './bits.ts';
import { choice, select } from './choice.ts';
import type { Context } from './context.ts';
import { castExpression, folded } from './operators.ts';
import { BIT, literal, type Typed, typeText, widthOf } from './types.ts';

/** The value of `of[index]`. */
export function indexValue(context: Context, expr: Expr & { kind: 'index' }): Typed {
  const { of, index } = expr;
  if (of.kind === 'name') {
    const symbol = context.scope.find(of.name);
    if (symbol?.kind === 'bits') {
      if (!symbol.isRegister) context.wrong(`'${of.name}' is a single bit and has no index`, index);
      const at = runtimeIndex(context, index);
      if (at === undefined) {
        const { wires, isRegister } = select(
          symbol.wires,
          choice(context, index, symbol.wires.size, `'${of.name}'`),
        );
        return bitsValue(wires, isRegister);
      }
      return bitAt(bitsValue(symbol.wires, true), at);
    }
    if (symbol?.kind === 'qubits')
      context.wrong(`'${of.name}' is a qubit and has no value: measure it`, of);
  }
  if (isOfArray(context, expr)) return elementValue(context, expr);
  return bitsOfNumber(context, context.lower(of), index, expr);
}

/** An index that is known only while the circuit runs. */
function runtimeIndex(context: Context, index: IndexOperator): Typed | undefined {
  const [item, second] = index.list;
  if (item === undefined || second !== undefined || item.kind === 'range') return undefined;
  const at = context.lower(item);
  if (at.known !== undefined) return undefined;
  if (at.type.kind !== 'int' && at.type.kind !== 'uint')
    context.wrong(`An index is a whole number, not ${typeText(at.type)}`, item);
  return at;
}

/** The bit at an index that is known only while the circuit runs; beyond the end it is 0. */
function bitAt(of: Typed, at: Typed): Typed {
  const shifted: Expression = { kind: 'binary', op: '>>', left: of.value, right: at.value };
  return { type: BIT, value: castExpression('uint', shifted, 1), known: undefined };
}

/** Bits of an int, uint, angle, or of bits that were computed. */
function bitsOfNumber(context: Context, of: Typed, index: IndexOperator, at: Span): Typed {
  const width = of.type.kind === 'bool' || of.type.kind === 'bit' ? undefined : widthOf(of.type);
  if (width === undefined)
    return context.wrong(`${typeText(of.type)} has no bits to take one of`, index);
  const bits: Typed = { ...of, type: { kind: 'bits', size: width } };
  const source = folded(context, bits.type, of, undefined, at, (x) =>
    castExpression('uint', x, width),
  );
  const dynamic = runtimeIndex(context, index);
  if (dynamic !== undefined) return bitAt(source, dynamic);
  const chosen = choice(context, index, width, typeText(of.type));
  if (chosen.kind === 'one')
    return folded(context, BIT, source, undefined, at, (x) => ({
      kind: 'call',
      name: 'bool',
      of: [slice(x, chosen.at, 1)],
    }));
  const [low = 0] = chosen.at;
  const size = chosen.at.length;
  const isSlice = chosen.at.every((number, k) => number === low + k);
  return folded(context, { kind: 'bits', size }, source, undefined, at, (x) =>
    isSlice ? slice(x, low, size) : joined(chosen.at.map((number) => slice(x, number, 1))),
  );
}

/** So many bits of a number from one on. */
const slice = (of: Expression, low: number, size: number): Expression =>
  castExpression(
    'uint',
    low === 0 ? of : { kind: 'binary', op: '>>', left: of, right: literal(BigInt(low)) },
    size,
  );
