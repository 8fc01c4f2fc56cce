import type { JsonValue } from '@anarq/common-schemas';
import { toBase64url } from '@anarq/crypto';
import type { RecordBody } from '@anarq/log';

const DID = /^did:[a-z0-9]{1,32}:[A-Za-z0-9._:%-]{1,400}$/;

/** A record as its party sees it: what lists are read by, and the whole body. */
export function recordView(record: {
  readonly cid: string;
  readonly leafIndex: number | null;
  readonly body: RecordBody;
}) {
  const { cid, leafIndex, body } = record;
  return {
    cid,
    ...(leafIndex === null ? {} : { leafIndex }),
    at: String(body['at']),
    op: String(body['op']),
    code: String(body['code']),
    ...did('actor', body['actor']),
    ...did('subject', body['subject']),
    body: asJson(body),
  };
}

/** DAG-CBOR as JSON: bytes as base64url, integers beyond what JSON readers keep as text. */
export function asJson(value: unknown): JsonValue {
  if (value instanceof Uint8Array) return toBase64url(value);
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return value.map(asJson);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asJson(inner)]));
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? value
    : null;
}

const did = <const N extends string>(name: N, value: unknown): { readonly [K in N]?: string } =>
  typeof value === 'string' && DID.test(value) ? ({ [name]: value } as { [K in N]: string }) : {};
