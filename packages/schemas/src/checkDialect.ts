import type { TSchema } from 'typebox';
import { PATTERNS } from './dialect.ts';

/** Why a schema is not of the dialect: where, and what is wrong. */
export interface DialectProblem {
  readonly path: string;
  readonly problem: string;
}

type Schema = Readonly<Record<string, unknown>>;

const ANNOTATIONS = new Set(['description', 'x-sensitive', 'x-name', 'x-depth', 'examples']);
const FORMATS = new Set([...Object.keys(PATTERNS), 'json']);
const NESTING_MAX = 24;
/** A name that every document and language takes as the name of a type. */
const NAME = /^[A-Z][A-Za-z0-9]{0,63}$/;

const KEYWORDS: Readonly<Record<string, ReadonlySet<string>>> = {
  object: new Set(['type', 'properties', 'required', 'additionalProperties', '$id']),
  map: new Set(['type', 'additionalProperties', 'propertyNames', 'maxProperties']),
  string: new Set([
    'type',
    'minLength',
    'maxLength',
    'pattern',
    'x-format',
    'contentEncoding',
    'enum',
  ]),
  integer: new Set(['type', 'minimum', 'maximum']),
  number: new Set(['type', 'minimum', 'maximum']),
  boolean: new Set(['type']),
  array: new Set(['type', 'items', 'minItems', 'maxItems']),
  union: new Set(['anyOf', 'discriminator']),
  literal: new Set(['type', 'const']),
  recursive: new Set(['$defs', '$ref']),
  self: new Set(['$ref']),
  json: new Set(['x-format', 'x-max-bytes']),
};

/** The word of the dialect that a schema is, or undefined for anything else. */
export function wordOf(schema: TSchema | Schema): string | undefined {
  const s = schema as Schema;
  if (s['x-format'] === 'json') return 'json';
  if ('$defs' in s) return 'recursive';
  if ('$ref' in s) return 'self';
  if ('anyOf' in s) return 'union';
  if ('const' in s) return 'literal';
  if (s['type'] === 'object') return 'properties' in s ? 'object' : 'map';
  const type = s['type'];
  return typeof type === 'string' && type in KEYWORDS && type !== 'map' ? type : undefined;
}

/**
 * Finds everything in a schema that is not of the dialect.
 * @returns an empty list when the schema may stand in a contract
 */
export function checkDialect(schema: TSchema, path = '$'): DialectProblem[] {
  const problems: DialectProblem[] = [];
  visit(schema as Schema, path, 0, new Set(), problems);
  return problems;
}

function visit(
  schema: Schema,
  path: string,
  depth: number,
  names: ReadonlySet<string>,
  problems: DialectProblem[],
): void {
  const say = (problem: string) => problems.push({ path, problem });
  if (depth > NESTING_MAX) return void say(`nested deeper than ${NESTING_MAX}`);
  const word = typeof schema === 'object' && schema !== null ? wordOf(schema) : undefined;
  if (word === undefined)
    return void say(`not a word of the dialect: ${JSON.stringify(schema)?.slice(0, 120)}`);
  for (const key of Object.keys(schema))
    if (KEYWORDS[word]?.has(key) !== true && !ANNOTATIONS.has(key))
      say(`${word} does not take ${key}`);
  const name = schema['x-name'];
  if (name !== undefined && !NAME.test(String(name))) say(`${String(name)} is not a schema name`);
  const inside = (child: unknown, step: string, known = names) =>
    visit(child as Schema, `${path}${step}`, depth + 1, known, problems);

  switch (word) {
    case 'object':
      if (schema['additionalProperties'] !== false) say('objects are closed');
      for (const [member, child] of Object.entries(schema['properties'] as Schema)) {
        if (!/^[A-Za-z][A-Za-z0-9_]{0,63}$/.test(member)) say(`${member} is not a member name`);
        inside(child, `.${member}`);
      }
      return;
    case 'map':
      if (typeof schema['maxProperties'] !== 'number') say('a map has a limit');
      return inside(schema['additionalProperties'], '{}');
    case 'array':
      if (typeof schema['maxItems'] !== 'number') say('a list has a limit');
      return inside(schema['items'], '[]');
    case 'string':
      return checkString(schema, say);
    case 'integer':
      if (!Number.isSafeInteger(schema['minimum']) || !Number.isSafeInteger(schema['maximum']))
        say('an integer stays in the safe range; use int64 beyond it');
      return;
    case 'union':
      return checkUnion(schema, say, inside);
    case 'json':
      if (typeof schema['x-max-bytes'] !== 'number') say('json has a limit');
      return;
    case 'literal':
      if (typeof schema['const'] !== 'string') say('a literal is a string');
      return;
    case 'recursive': {
      const defs = schema['$defs'] as Schema;
      const own = schema['$ref'] as string;
      if (Object.keys(defs).length !== 1 || !Object.hasOwn(defs, own))
        return void say('one recursive schema at a time');
      if (typeof schema['x-depth'] !== 'number') say('a recursive schema has a limit');
      if (!NAME.test(own)) say(`${own} is not a schema name`);
      return inside(defs[own], `<${own}>`, new Set([...names, own]));
    }
    case 'self':
      if (!names.has(schema['$ref'] as string))
        say(`${String(schema['$ref'])} is not the name of an enclosing recursive schema`);
  }
}

function checkString(schema: Schema, say: (problem: string) => void): void {
  const format = schema['x-format'];
  if (format !== undefined && !FORMATS.has(format as string))
    say(`unknown format ${String(format)}`);
  if ('enum' in schema) {
    const values = schema['enum'] as readonly unknown[];
    if (values.length === 0 || values.some((v) => typeof v !== 'string'))
      say('an enum lists strings');
    return;
  }
  if (typeof schema['maxLength'] !== 'number') say('a string has a limit');
}

function checkUnion(
  schema: Schema,
  say: (problem: string) => void,
  inside: (child: unknown, step: string) => void,
): void {
  const discriminator = (schema['discriminator'] as Schema | undefined)?.['propertyName'];
  if (typeof discriminator !== 'string') return say('a union names its discriminator');
  const seen = new Set<unknown>();
  for (const [index, variant] of (schema['anyOf'] as readonly Schema[]).entries()) {
    const literal = (variant['properties'] as Schema | undefined)?.[discriminator] as
      | Schema
      | undefined;
    if (literal?.['const'] === undefined || seen.has(literal['const']))
      say(`variant ${index} needs its own literal in ${discriminator}`);
    seen.add(literal?.['const']);
    inside(variant, `|${index}`);
  }
}
