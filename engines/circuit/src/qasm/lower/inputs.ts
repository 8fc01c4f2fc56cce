import type { Statement } from '../syntax.ts';
import type { Context } from './context.ts';
import { lowerType } from './typeSyntax.ts';
import { type Type, typeText } from './types.ts';
import { declared, initialise } from './variables.ts';

type InputOrOutput = Statement & { readonly kind: 'input' | 'output' };

/** `input float theta;`: a parameter of the circuit, which has its value before the circuit runs. */
export function input(context: Context, statement: InputOrOutput): void {
  if (context.scope !== context.globals)
    context.wrong('An input is declared outside of all blocks', statement);
  const type = scalar(context, statement);
  const { name } = statement.name;
  if (type.kind === 'bit' || type.kind === 'bits' || type.kind === 'duration')
    context.unsupported(`An input of type ${typeText(type)} is not supported`, statement.type);
  context.parameters.push(name);
  const value = { kind: 'parameter', name } as const;
  // A number as it is given is exact; a narrow type cuts it, as an assignment would.
  const cut =
    'width' in type && type.width !== undefined && !(type.kind !== 'angle' && type.width === 64);
  context.declare(statement.name, {
    kind: 'value',
    typed: {
      type,
      value: cut
        ? {
            kind: 'call',
            name: type.kind as 'int' | 'uint' | 'angle',
            of: [
              type.kind === 'angle' ? { kind: 'call', name: 'float', of: [value] } : value,
              { kind: 'literal', value: BigInt(type.width!) },
            ],
          }
        : value,
      known: undefined,
    },
  });
}

function scalar(context: Context, { kind, type }: InputOrOutput): Type {
  if (type.kind === 'arrayType')
    context.unsupported(`An ${kind} that is an array is not supported`, type);
  return lowerType(context, type);
}

/** `output bit[4] c;`: where there is one, other bits are not told. */
export function output(context: Context, statement: InputOrOutput): void {
  if (context.scope !== context.globals)
    context.wrong('An output is declared outside of all blocks', statement);
  const type = scalar(context, statement);
  if (type.kind !== 'bit' && type.kind !== 'bits')
    context.unsupported(
      `An output of type ${typeText(type)} is not supported: assign it to bits`,
      statement.type,
    );
  const symbol = declared(context, statement.name, type, statement);
  initialise(context, symbol, undefined, statement);
  context.declare(statement.name, symbol);
  context.outputs.add(statement.name.name);
}
