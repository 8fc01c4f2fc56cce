import type { Declaration, Template } from '../template.ts';
import { readValue, type Value, type ValueType } from '../values.ts';
import { evaluate } from './evaluate.ts';
import { refuse } from './refusal.ts';
import type { Scope } from './scope.ts';

/** A variable that a caller gives with each run, as text. */
export interface GivenVariable {
  readonly name: string;
  readonly type: ValueType;
}

/** The variables that a run has to be given; the others are worked out from these. */
export const variablesOf = (template: Template): GivenVariable[] =>
  template.variables
    .filter(({ from }) => from === undefined)
    .map(({ name, type }) => ({ name, type }));

/** Texts by the names of the variables; others than those asked for are not looked at. */
export type GivenTexts = Readonly<Record<string, string>>;

/** The value of a variable. @throws Refused where its text is missing, or is none of its type */
export function valueOfVariable(
  { name, type, from, place }: Declaration,
  given: GivenTexts,
  scope: Scope,
): Value {
  if (from !== undefined) return evaluate(from, scope);
  const text = Object.hasOwn(given, name) ? given[name] : undefined;
  if (text === undefined)
    return refuse(
      place,
      { reason: 'variable-missing', variable: name, type },
      `$${name} is not given`,
    );
  return (
    (typeof text === 'string' ? readValue(type, text) : undefined) ??
    refuse(place, { reason: 'variable-invalid', variable: name, type }, `$${name} is no ${type}`)
  );
}
