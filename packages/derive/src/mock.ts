import { isDeepStrictEqual } from 'node:util';
import { fail, wordOf, type AnyOperation, type TSchema } from '@anarq/common-schemas';
import { compileValidator } from '@anarq/common-schemas/validator';
import { sampleOf } from './sample.ts';

type Members = Readonly<Record<string, unknown>>;

/** Values that say which, how much or in what; an object is gone through, a list is not. */
const ECHOED = new Set(['string', 'integer', 'number', 'boolean', 'literal']);

/**
 * What a mock of an operation answers: the output of the example whose input is the same; else the
 * output of the first example that has one, or the least value of the schema, in which members that
 * the input has too say the same as the input. It follows from the input alone.
 *
 * @throws QError INPUT_INVALID where the contract gives no answer that fits its own schema
 */
export function mockedAnswers(op: AnyOperation): (input: unknown) => unknown {
  const schema = op.job?.result ?? op.output;
  const given = op.examples.filter(({ output }) => output !== undefined);
  const base = given[0]?.output ?? sampleOf(schema);
  const { violations } = compileValidator(schema);
  const problems = violations(base);
  if (problems.length > 0)
    fail(
      'INPUT_INVALID',
      `${op.id} needs an example with an output to be mocked: ${problems.map(({ path, expected }) => `${path} is not ${expected}`).join('; ')}`,
    );
  const echo = echoInto(schema);
  return (input) => {
    const same = given.find((example) => isDeepStrictEqual(example.input, input));
    if (same !== undefined) return same.output;
    const echoed = echo(base, input as Members);
    // Rules between members may not hold of a mixture.
    return violations(echoed).length === 0 ? echoed : base;
  };
}

type Echo = (value: unknown, input: Members) => unknown;

function echoInto(schema: TSchema): Echo {
  const { properties = {} } = schema as { readonly properties?: Readonly<Record<string, TSchema>> };
  const members = Object.entries(properties).map(([name, member]) => ({
    name,
    echo: wordOf(member) === 'object' ? echoInto(member) : undefined,
    accepts: ECHOED.has(wordOf(member) ?? '') ? compileValidator(member) : undefined,
  }));
  return (value, input) => {
    const echoed: Record<string, unknown> = { ...(value as Members) };
    for (const { name, echo, accepts } of members) {
      if (accepts !== undefined && Object.hasOwn(input, name) && accepts.check(input[name]))
        echoed[name] = input[name];
      else if (echo !== undefined && Object.hasOwn(echoed, name))
        echoed[name] = echo(echoed[name], input);
    }
    return echoed;
  };
}
