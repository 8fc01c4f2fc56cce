import type { IndexOperator } from '../syntax.ts';
import { choice } from './choice.ts';
import type { Context } from './context.ts';
import type { Cell, Symbol } from './scope.ts';
import type { Typed } from './types.ts';

type ArraySymbol = Symbol & { kind: 'array' };

/** The variable that is an element of an array. Every index must be known before the circuit runs. */
export function arrayCell(
  context: Context,
  name: string,
  array: ArraySymbol,
  index: IndexOperator,
): Cell {
  if (index.set !== undefined || index.list.some((item) => item.kind === 'range'))
    context.unsupported('Slices of arrays are not supported', index);
  if (index.list.length !== array.sizes.length)
    context.refuse(
      index.list.length < array.sizes.length ? 'UNSUPPORTED' : 'SEMANTICS',
      `'${name}' has ${array.sizes.length} dimensions, and one index is needed for each`,
      index,
    );
  let at = 0;
  for (const [dimension, item] of index.list.entries()) {
    const size = array.sizes[dimension]!;
    const chosen = choice(context, { ...index, list: [item] }, size, `'${name}'`);
    at = at * size + (chosen.kind === 'one' ? chosen.at : 0);
  }
  return array.cells[at]!;
}

/** The value of an element. */
export function arrayElement(
  context: Context,
  name: string,
  array: ArraySymbol,
  index: IndexOperator,
): Typed {
  const cell = arrayCell(context, name, array, index);
  return {
    type: cell.type,
    value: { kind: 'variable', variable: cell.variable },
    known: cell.known,
  };
}
