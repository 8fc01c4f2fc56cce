import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { wordOf } from './checkDialect.ts';

/** One place where a value does not match: a JSON pointer (RFC 6901) and what was expected. */
export interface Violation {
  readonly path: string;
  readonly expected: string;
}

/** A compiled schema. `check` costs nanoseconds; `violations` costs microseconds and is capped. */
export interface Validator<S extends TSchema = TSchema> {
  check(value: unknown): value is Static<S>;
  /** At most eight violations; empty when the value matches. */
  violations(value: unknown): readonly Violation[];
}

const VIOLATIONS_MAX = 8;
const DEPTH_MAX = 64;

type Schema = Readonly<Record<string, unknown>>;

/**
 * Compiles a schema of the dialect, together with three rules that JSON Schema cannot say: values
 * deeper than 64 levels, strings that are not well-formed Unicode, and `json` values longer than
 * their limit are refused.
 */
export function compileValidator<S extends TSchema>(schema: S): Validator<S> {
  const compiled = Compile(schema);
  const bounded = holdsJson(schema as Schema, 0);
  const beyond = (value: unknown): Violation | undefined =>
    shapeProblem(value, '', 0) ?? (bounded ? sizeProblem(schema as Schema, value, '', 0) : undefined);
  return {
    check: (value): value is Static<S> => compiled.Check(value) && beyond(value) === undefined,
    violations: (value) => {
      const problem = shapeProblem(value, '', 0);
      if (problem !== undefined) return [problem];
      if (!compiled.Check(value)) return explain(compiled.Errors(value));
      const size = beyond(value);
      return size === undefined ? [] : [size];
    },
  };
}

type ValidationErrors = ReturnType<ReturnType<typeof Compile>['Errors']>;

/** Turns the validator's errors into sentences, without the echoes that it adds for closed objects. */
function explain(errors: ValidationErrors): Violation[] {
  return errors
    .filter((error) => error.keyword !== 'boolean')
    .slice(0, VIOLATIONS_MAX)
    .map((error) => {
      const path = error.instancePath;
      switch (error.keyword) {
        case 'additionalProperties':
          return {
            path,
            expected: `no member named ${error.params.additionalProperties.slice(0, 4).join(', ')}`,
          };
        case 'required':
          return {
            path,
            expected: `members ${error.params.requiredProperties.slice(0, 8).join(', ')}`,
          };
        case 'enum':
          return {
            path,
            expected: `one of ${error.params.allowedValues.slice(0, 12).join(', ')}`,
          };
        default:
          return { path, expected: error.message };
      }
    });
}

function shapeProblem(value: unknown, path: string, depth: number): Violation | undefined {
  if (typeof value === 'string')
    return value.isWellFormed() ? undefined : { path, expected: 'well-formed Unicode' };
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth >= DEPTH_MAX) return { path: '', expected: `at most ${DEPTH_MAX} levels of nesting` };
  for (const [key, child] of Object.entries(value)) {
    if (!key.isWellFormed()) return { path, expected: 'well-formed Unicode in member names' };
    const problem = shapeProblem(child, `${path}/${key}`, depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** The schemas directly below a schema, with the step in the value that leads there. */
function children(schema: Schema): readonly (readonly [string | null, Schema])[] {
  switch (wordOf(schema)) {
    case 'object':
      return Object.entries(schema['properties'] as Record<string, Schema>);
    case 'map':
      return [[null, schema['additionalProperties'] as Schema]];
    case 'array':
      return [[null, schema['items'] as Schema]];
    default:
      return [];
  }
}

function holdsJson(schema: Schema, depth: number): boolean {
  if (depth > DEPTH_MAX) return false;
  if (wordOf(schema) === 'json') return true;
  if (wordOf(schema) === 'union')
    return (schema['anyOf'] as Schema[]).some((variant) => holdsJson(variant, depth + 1));
  if (wordOf(schema) === 'recursive')
    return Object.values(schema['$defs'] as Record<string, Schema>).some((body) =>
      holdsJson(body, depth + 1),
    );
  return children(schema).some(([, child]) => holdsJson(child, depth + 1));
}

function sizeProblem(
  schema: Schema,
  value: unknown,
  path: string,
  depth: number,
): Violation | undefined {
  if (depth > DEPTH_MAX || value === undefined) return undefined;
  const word = wordOf(schema);
  if (word === 'json') {
    const max = schema['x-max-bytes'] as number;
    return Buffer.byteLength(JSON.stringify(value)) > max
      ? { path, expected: `at most ${max} bytes of JSON` }
      : undefined;
  }
  if (word === 'union' || word === 'recursive') {
    const inner =
      word === 'union'
        ? (schema['anyOf'] as Schema[])
        : Object.values(schema['$defs'] as Record<string, Schema>);
    for (const variant of inner) {
      const problem = sizeProblem(variant, value, path, depth + 1);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [step, child] of children(schema)) {
    const entries: readonly (readonly [string, unknown])[] =
      step === null ? Object.entries(value) : [[step, (value as Record<string, unknown>)[step]]];
    for (const [key, member] of entries) {
      const problem = sizeProblem(child, member, `${path}/${key}`, depth + 1);
      if (problem !== undefined) return problem;
    }
  }
  return undefined;
}
