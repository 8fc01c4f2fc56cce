import type { TSchema } from 'typebox';
import { Compile } from 'typebox/schema';
import { wordOf } from './checkDialect.ts';

/** One place where a value does not match: a JSON pointer (RFC 6901) and what was expected. */
export interface Violation {
  readonly path: string;
  readonly expected: string;
}

/** A compiled schema. `check` costs nanoseconds; `violations` costs microseconds and is capped. */
export interface Validator {
  check(value: unknown): boolean;
  /** At most eight violations; empty when the value matches. */
  violations(value: unknown): readonly Violation[];
}

const VIOLATIONS_MAX = 8;
const DEPTH_MAX = 64;

type Schema = Readonly<Record<string, unknown>>;

/**
 * Compiles a schema of the dialect, together with the rules that JSON Schema cannot say: values
 * deeper than 64 levels, strings that are not well-formed Unicode, `json` values longer than their
 * limit, recursive ones deeper than theirs, and `int64` beyond 64 bits are refused.
 */
export function compileValidator(schema: TSchema): Validator {
  // Compiled when first asked: most schemas of a node are not, in most of its runs.
  let compiled: ReturnType<typeof Compile> | undefined;
  const shape = () => (compiled ??= Compile(schema));
  const ruled = hasRules(schema as Schema);
  const broken = (value: unknown): Violation | undefined =>
    ruled ? ruleProblem(schema as Schema, value, {}) : undefined;
  return {
    // Shape first: the compiled check of a recursive schema recurses as deep as the value.
    check: (value) =>
      shapeProblem(value, 0) === undefined && shape().Check(value) && broken(value) === undefined,
    violations: (value) => {
      const problem = shapeProblem(value, 0);
      if (problem !== undefined) return [problem];
      if (!shape().Check(value)) return explain(shape().Errors(value)[1]);
      const rule = broken(value);
      return rule === undefined ? [] : [rule];
    },
  };
}

type ValidationErrors = ReturnType<ReturnType<typeof Compile>['Errors']>[1];

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

const TOO_DEEP: Violation = { path: '', expected: `at most ${DEPTH_MAX} levels of nesting` };

/** A violation inside a member, seen from around it. Paths are only built where something is wrong. */
function within(key: string, inner: Violation): Violation {
  if (inner === TOO_DEEP) return TOO_DEEP;
  // RFC 6901, section 3.
  const step = key.replaceAll('~', '~0').replaceAll('/', '~1');
  return { path: `/${step}${inner.path}`, expected: inner.expected };
}

function shapeProblem(value: unknown, depth: number): Violation | undefined {
  if (typeof value === 'string')
    return value.isWellFormed() ? undefined : { path: '', expected: 'well-formed Unicode' };
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth >= DEPTH_MAX) return TOO_DEEP;
  for (const [key, child] of Object.entries(value)) {
    if (!key.isWellFormed()) return { path: '', expected: 'well-formed Unicode in member names' };
    const problem = shapeProblem(child, depth + 1);
    if (problem !== undefined) return within(key, problem);
  }
  return undefined;
}

/** A recursive schema that is being walked: its body, and how many levels of it lie above. */
interface Level {
  readonly body: Schema;
  readonly max: number;
  readonly level: number;
}

type Levels = Readonly<Record<string, Level>>;

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** Whether a schema has a word with a rule that JSON Schema cannot say. */
function hasRules(schema: Schema): boolean {
  switch (wordOf(schema)) {
    case 'json':
    case 'recursive':
      return true;
    case 'string':
      return schema['x-format'] === 'int64';
    case 'object':
      return Object.values(schema['properties'] as Record<string, Schema>).some(hasRules);
    case 'map':
      return hasRules(schema['additionalProperties'] as Schema);
    case 'array':
      return hasRules(schema['items'] as Schema);
    case 'union':
      return (schema['anyOf'] as Schema[]).some(hasRules);
    default:
      return false;
  }
}

/**
 * Finds the first place where a value breaks a rule that JSON Schema cannot say. The value matches
 * the schema otherwise, so that its shape can be relied on.
 */
function ruleProblem(schema: Schema, value: unknown, levels: Levels): Violation | undefined {
  switch (wordOf(schema)) {
    case 'json':
      return jsonProblem(schema['x-max-bytes'] as number, value);
    case 'string':
      return schema['x-format'] === 'int64' ? int64Problem(value as string) : undefined;
    case 'recursive': {
      const name = schema['$ref'] as string;
      const body = (schema['$defs'] as Record<string, Schema>)[name] ?? {};
      const entered = { body, max: schema['x-depth'] as number, level: 1 };
      return ruleProblem(body, value, { ...levels, [name]: entered });
    }
    case 'self': {
      const name = schema['$ref'] as string;
      const entered = levels[name];
      if (entered === undefined) return undefined;
      const { body, max, level } = entered;
      if (level >= max) return { path: '', expected: `at most ${max} levels of ${name}` };
      return ruleProblem(body, value, { ...levels, [name]: { body, max, level: level + 1 } });
    }
    case 'union': {
      const variant = variantOf(schema, value);
      return variant === undefined ? undefined : ruleProblem(variant, value, levels);
    }
    default:
      return childProblem(schema, value, levels);
  }
}

function jsonProblem(max: number, value: unknown): Violation | undefined {
  return Buffer.byteLength(JSON.stringify(value)) > max
    ? { path: '', expected: `at most ${max} bytes of JSON` }
    : undefined;
}

function int64Problem(text: string): Violation | undefined {
  const number = BigInt(text);
  return number < INT64_MIN || number > INT64_MAX
    ? { path: '', expected: 'an integer of at most 64 bits' }
    : undefined;
}

/** The variant of a union whose literal the value carries. */
function variantOf(schema: Schema, value: unknown): Schema | undefined {
  const member = (schema['discriminator'] as { propertyName: string }).propertyName;
  const literal = (value as Schema)[member];
  return (schema['anyOf'] as Schema[]).find(
    (variant) => (variant['properties'] as Record<string, Schema>)[member]?.['const'] === literal,
  );
}

function childProblem(schema: Schema, value: unknown, levels: Levels): Violation | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const properties = schema['properties'] as Record<string, Schema> | undefined;
  const every = (schema['items'] ?? schema['additionalProperties']) as Schema | undefined;
  for (const [key, member] of Object.entries(value)) {
    const child = properties === undefined ? every : properties[key];
    if (member === undefined || child === undefined) continue;
    const problem = ruleProblem(child, member, levels);
    if (problem !== undefined) return within(key, problem);
  }
  return undefined;
}
