import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root =
  process.env['Q_VECTORS'] ?? fileURLToPath(new URL('../../../../shared/vectors', import.meta.url));

/** Whether the conformance vectors of UCAN are on this machine. */
export const haveVectors: boolean = existsSync(`${root}/ucan`);
if (!haveVectors) {
  console.warn(`conformance vectors not found in ${root}/ucan: their tests are skipped`);
}

/** A file of the UCAN vectors, as bytes. */
export function vectorBytes(path: string): Uint8Array {
  return new Uint8Array(readFileSync(`${root}/ucan/${path}`));
}

/** A file of the UCAN vectors, as JSON. */
export function vectorJson<T>(path: string): T {
  return JSON.parse(readFileSync(`${root}/ucan/${path}`, 'utf8')) as T;
}

/** DAG-JSON to the IPLD data model, as far as the vectors need it: bytes. */
export function fromDagJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromDagJson);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value);
  const reserved = members.find(([key]) => key === '/')?.[1] as { bytes?: string } | undefined;
  if (reserved?.bytes !== undefined) return Uint8Array.from(Buffer.from(reserved.bytes, 'base64'));
  return Object.fromEntries(members.map(([key, item]) => [key, fromDagJson(item)]));
}
