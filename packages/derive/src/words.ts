import { wordOf, type AnyOperation, type TSchema } from '@anarq/common-schemas';

type Schema = Readonly<Record<string, unknown>>;

const FORMATS: Readonly<Record<string, string>> = {
  decimal: 'exact decimal in a string',
  int64: '64-bit integer in a string',
  instant: 'UTC time, e.g. 2026-01-02T03:04:05Z',
  cid: 'CID',
  did: 'DID',
  cursor: 'cursor of a page',
};

/** A schema in words: 'whole number, 1 to 200', 'list of Leaf, at most 3'. */
export function typeInWords(schema: TSchema): string {
  const s = schema as Schema;
  const name = s['x-name'];
  switch (wordOf(s)) {
    case 'string':
      return stringInWords(s);
    case 'integer':
      return `whole number${range(s)}`;
    case 'number':
      return `number${range(s)}`;
    case 'boolean':
      return 'true or false';
    case 'array':
      return `list of ${typeInWords(s['items'] as TSchema)}, at most ${String(s['maxItems'])}`;
    case 'map':
      return `map to ${typeInWords(s['additionalProperties'] as TSchema)}, at most ${String(s['maxProperties'])}`;
    case 'union':
      return `${typeof name === 'string' ? `${name}: ` : ''}one of ${variants(s).join(', ')}`;
    case 'literal':
      return JSON.stringify(s['const']);
    case 'recursive':
    case 'self':
      return String(s['$ref']);
    case 'json':
      return `any JSON, at most ${String(s['x-max-bytes'])} bytes`;
    default:
      return typeof name === 'string'
        ? name
        : `object of ${Object.keys(s['properties'] as Schema).join(', ')}`;
  }
}

function stringInWords(s: Schema): string {
  if (Array.isArray(s['enum'])) return `one of ${s['enum'].join(', ')}`;
  const format = s['x-format'];
  const max = s['maxLength'] as number;
  if (format === 'bytes') return `base64url, at most ${Math.floor((max * 3) / 4)} bytes`;
  if (typeof format === 'string') return FORMATS[format] ?? format;
  const min = s['minLength'] as number | undefined;
  const length =
    min === undefined || min === 0 ? `at most ${max}` : min === max ? `${max}` : `${min} to ${max}`;
  return `text, ${length} characters`;
}

function range(s: Schema): string {
  const { minimum, maximum } = s as { minimum?: number; maximum?: number };
  const low = minimum === Number.MIN_SAFE_INTEGER ? undefined : minimum;
  const high = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (low !== undefined && high !== undefined) return `, ${low} to ${high}`;
  if (low !== undefined) return `, at least ${low}`;
  return high === undefined ? '' : `, at most ${high}`;
}

function variants(s: Schema): string[] {
  const by = (s['discriminator'] as { propertyName: string }).propertyName;
  return (s['anyOf'] as { properties: Record<string, { const: string }> }[]).map(
    (variant) => `${by}=${variant.properties[by]?.const}`,
  );
}

/** Who may call an operation, in one sentence. */
export function accessInWords(op: AnyOperation): string {
  switch (op.access) {
    case 'public':
      return 'Anybody, without an identity.';
    case 'tenant':
      return 'Any identity of the tenant.';
    case 'proved':
      return 'Any identity that proves itself; it is answered with no more than its grants cover.';
    case 'granted':
      return `The owner of ${op.resource ?? 'the subject'}, or the holder of a grant for ${op.command}.`;
  }
}

/** What proves the caller, in one sentence. */
export const signatureInWords = (op: AnyOperation): string =>
  op.signature === 'full'
    ? 'Each call carries a full signature, or runs under a step of a call that carried one.'
    : op.access === 'public'
      ? 'None needed.'
      : 'An agent token, a session, or a full signature.';

/** 'openSession' reads as 'open session'. */
export const nameInWords = (name: string): string =>
  name.replace(
    /([a-z0-9])([A-Z])/g,
    (_, before: string, after: string) => `${before} ${after.toLowerCase()}`,
  );

/** A write acts, and so carries an idempotency key. */
export const isWrite = (op: AnyOperation): boolean => op.kind !== 'query';
