import { templateMembers, wordOf, type AnyOperation, type JsonValue } from '@anarq/common-schemas';
import { CallError, localFailure } from './callError.ts';
import type { CallInput } from './transport.ts';

export interface HttpRequest {
  readonly method: string;
  /** Path and query string. */
  readonly path: string;
  readonly body: string | undefined;
}

const SCALARS = new Set(['string', 'integer', 'number', 'boolean', 'literal']);

/**
 * Puts the members of an input where the contract says: into the path, and the others into the
 * query string of GET and DELETE or the body of the other methods.
 * @throws CallError INPUT_INVALID for a member that its place cannot carry
 */
export function requestOf(op: AnyOperation, input: CallInput): HttpRequest {
  const { method } = op.http;
  const inPath = new Set(templateMembers(op.http.path));
  const path = op.http.path.replaceAll(/\{([^}]+)\}/g, (_, name: string) =>
    pathPart(name, input[name]),
  );
  const others = Object.entries(input).filter(([name]) => !inPath.has(name));
  if (method !== 'GET' && method !== 'DELETE')
    return {
      method,
      path: `/${op.module}${path}`,
      body: JSON.stringify(Object.fromEntries(others)),
    };
  const query = others.flatMap(([name, value]) =>
    queryTexts(op, name, value).map(
      (text) => `${encodeURIComponent(name)}=${encodeURIComponent(text)}`,
    ),
  );
  const tail = query.length === 0 ? '' : `?${query.join('&')}`;
  return { method, path: `/${op.module}${path}${tail}`, body: undefined };
}

function pathPart(name: string, value: JsonValue | undefined): string {
  const text = scalarText(value);
  // Dots alone are steps of a path, escaped or not (URL Standard, double-dot path segment).
  if (text === undefined || text === '' || /^\.{1,2}$/.test(text)) throw notCarried(name, 'path');
  return encodeURIComponent(text);
}

/** A scalar as text, a list of scalars as several texts, anything else as JSON. */
function queryTexts(op: AnyOperation, name: string, value: JsonValue): string[] {
  const schema = op.input.properties[name] as Readonly<Record<string, unknown>> | undefined;
  const word = schema === undefined ? undefined : wordOf(schema);
  if (word === 'array') {
    const items = wordOf(schema?.['items'] as Readonly<Record<string, unknown>>);
    if (!Array.isArray(value) || !SCALARS.has(items ?? '')) return [JSON.stringify(value)];
    // A query string has no word for a list of nothing.
    if (value.length === 0) throw notCarried(name, 'query string');
    return value.map((item) => scalarText(item) ?? JSON.stringify(item));
  }
  if (word === undefined || SCALARS.has(word)) return [scalarText(value) ?? JSON.stringify(value)];
  return [JSON.stringify(value)];
}

const scalarText = (value: JsonValue | undefined): string | undefined =>
  typeof value === 'string'
    ? value
    : typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : undefined;

const notCarried = (name: string, place: string): CallError =>
  new CallError(
    localFailure('INPUT_INVALID', `This value of ${name} cannot travel in the ${place}.`, {
      member: name,
    }),
  );
