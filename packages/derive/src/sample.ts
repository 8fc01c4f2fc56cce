import { wordOf, type TSchema } from '@anarq/common-schemas';

type Schema = Readonly<Record<string, unknown>>;

const FORMATS: Readonly<Record<string, string>> = {
  decimal: '1.00',
  int64: '1',
  instant: '2026-01-02T03:04:05Z',
  // CIDv1 of the empty byte string, raw, sha2-256.
  cid: 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku',
  did: 'did:squid:example',
  cursor: 'AA',
  bytes: 'AAEC',
};

/** What texts with a pattern of their own are, where they are not plain: media types, digests, bytes, whole numbers. */
const PATTERNED: readonly string[] = [
  'text/plain',
  'ab'.repeat(32),
  'AAEC'.repeat(16),
  '1.0.0',
  '1',
];

/**
 * The least value of a schema: required members only, each the simplest of its kind. It matches the
 * schema, except where a pattern asks for more than a format says.
 */
export function sampleOf(schema: TSchema): unknown {
  const s = schema as Schema;
  switch (wordOf(s)) {
    case 'object':
      return Object.fromEntries(
        ((s['required'] as string[] | undefined) ?? []).map((name) => [
          name,
          sampleOf((s['properties'] as Record<string, TSchema>)[name] ?? {}),
        ]),
      );
    case 'string':
      return sampleText(s);
    case 'integer':
    case 'number':
      return Math.min(
        Math.max(1, (s['minimum'] as number | undefined) ?? 1),
        (s['maximum'] as number | undefined) ?? 1,
      );
    case 'boolean':
      return true;
    case 'array':
      return Array.from({ length: (s['minItems'] as number | undefined) ?? 0 }, () =>
        sampleOf(s['items'] as TSchema),
      );
    case 'union':
      return sampleOf((s['anyOf'] as TSchema[])[0] ?? {});
    case 'literal':
      return s['const'];
    case 'recursive':
      return sampleOf((s['$defs'] as Record<string, TSchema>)[s['$ref'] as string] ?? {});
    default:
      return {};
  }
}

function sampleText(s: Schema): string {
  const values = s['enum'] as readonly string[] | undefined;
  if (values !== undefined) return values[0] ?? '';
  const max = s['maxLength'] as number;
  const format = FORMATS[String(s['x-format'])];
  if (format !== undefined) return format.slice(0, max);
  const min = (s['minLength'] as number | undefined) ?? 0;
  const plain = 'text'.padEnd(min, 'x').slice(0, max);
  if (typeof s['pattern'] !== 'string') return plain;
  const pattern = new RegExp(s['pattern'], 'u');
  const fits = (text: string) => text.length >= min && text.length <= max && pattern.test(text);
  return [plain, ...PATTERNED].find(fits) ?? plain;
}
