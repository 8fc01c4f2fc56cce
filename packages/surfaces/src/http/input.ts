import { fail, templateMembers, wordOf, type AnyOperation } from '@anarq/common-schemas';
import { parseStrictJsonText } from './strictJson.ts';

type Schema = Readonly<Record<string, unknown>>;
type Members = Record<string, unknown>;

const SCALARS = new Set(['string', 'integer', 'number', 'boolean', 'literal']);
/** The number grammar of JSON, RFC 8259 section 6. */
const NUMBER = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/;
const QUERY_MEMBERS_MAX = 1_000;

/** Whether the members of an operation that are not in its path travel in the query string. */
export const takesQuery = ({ http }: AnyOperation): boolean =>
  http.method === 'GET' || http.method === 'DELETE';

/**
 * Puts the input of a call together from path, query string and body.
 * @param path members of the path, decoded
 * @param query the query string, without its question mark
 * @param body the parsed JSON body; undefined where the request has none
 * @throws QError INPUT_INVALID, INPUT_MALFORMED
 */
export function inputOf(
  op: AnyOperation,
  path: Readonly<Record<string, string>>,
  query: string,
  body: unknown,
): Members {
  const input = takesQuery(op) ? fromQuery(op, query) : fromBody(body, query);
  for (const name of templateMembers(op.http.path)) {
    const value = coerce(memberSchema(op, name), path[name] ?? '');
    if (Object.hasOwn(input, name) && !isSame(input[name], value))
      fail('INPUT_INVALID', `${name} in the path differs from ${name} beside it.`, {
        member: name,
      });
    input[name] = value;
  }
  return input;
}

function fromBody(body: unknown, query: string): Members {
  if (query !== '')
    fail('INPUT_INVALID', 'This operation takes its members in the body, not in the query string.');
  if (body === undefined) return {};
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    return fail('INPUT_MALFORMED', 'The body must be one JSON object.');
  return { ...body };
}

function fromQuery(op: AnyOperation, query: string): Members {
  const given = readQuery(query);
  const input: Members = {};
  for (const [name, texts] of given) {
    const schema = memberSchema(op, name);
    if (schema !== undefined && isListOfScalars(schema)) {
      input[name] = texts.map((text) => coerce(schema['items'] as Schema, text));
      continue;
    }
    const [first = '', ...more] = texts;
    if (more.length > 0)
      fail('INPUT_INVALID', `${name} is given more than once.`, { member: name });
    input[name] = coerce(schema, first);
  }
  return input;
}

/** The members of a query string, application/x-www-form-urlencoded, values in order by name. */
function readQuery(query: string): Map<string, string[]> {
  const members = new Map<string, string[]>();
  if (query === '') return members;
  const pairs = query.split('&');
  if (pairs.length > QUERY_MEMBERS_MAX)
    fail('INPUT_TOO_LARGE', `A query string has at most ${QUERY_MEMBERS_MAX} members.`);
  for (const pair of pairs) {
    if (pair === '') continue;
    const split = pair.indexOf('=');
    const name = decode(split < 0 ? pair : pair.slice(0, split));
    if (name === '__proto__') fail('INPUT_MALFORMED', 'No member may be named __proto__.');
    const value = split < 0 ? '' : decode(pair.slice(split + 1));
    const values = members.get(name);
    if (values === undefined) members.set(name, [value]);
    else values.push(value);
  }
  return members;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return fail('INPUT_MALFORMED', 'The query string is not percent-encoded UTF-8.');
  }
}

const memberSchema = (op: AnyOperation, name: string): Schema | undefined =>
  Object.hasOwn(op.input.properties, name)
    ? (op.input.properties[name] as Schema | undefined)
    : undefined;

const isListOfScalars = (schema: Schema): boolean =>
  wordOf(schema) === 'array' && SCALARS.has(wordOf(schema['items'] as Schema) ?? '');

/**
 * Text as its schema reads it. What does not fit stays text, and the validation of the call says
 * what was expected. A member that is neither a scalar nor a list of them travels as JSON.
 */
function coerce(schema: Schema | undefined, text: string): unknown {
  switch (schema === undefined ? undefined : wordOf(schema)) {
    case 'integer':
    case 'number':
      return NUMBER.test(text) && Number.isFinite(Number(text)) ? Number(text) : text;
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text;
    case undefined:
    case 'string':
    case 'literal':
      return text;
    default:
      return parseStrictJsonText(text);
  }
}

/** Members of a path are scalars, so that identity is equality. */
const isSame = (a: unknown, b: unknown): boolean => Object.is(a, b);
