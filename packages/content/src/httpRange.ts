/** A part of a representation, in bytes from 0; `end` is not included, as in slice. */
export type ByteRange = { start: number; end: number };

/** Range units are case-insensitive (RFC 9110 section 14.1); positions are digits, nothing else. */
const ONE_RANGE = /^bytes=(\d*)-(\d*)$/i;
const MAX_HEADER_CHARACTERS = 100;

/**
 * Reads a `Range` header for a representation of `totalBytes` (RFC 9110 section 14.1.2).
 *
 * Returns the range, cut to the representation; 'unsatisfiable' (answer 416); or undefined where
 * the header is to be ignored and the whole is sent: none, malformed, another unit, last before
 * first, or several ranges, which a server need not serve (section 14.2).
 */
export function parseRange(
  header: string | undefined,
  totalBytes: number,
): ByteRange | 'unsatisfiable' | undefined {
  if (header === undefined || header.length > MAX_HEADER_CHARACTERS) return undefined;
  const [, first = '', last = ''] = ONE_RANGE.exec(header) ?? [];
  if (first === '' && last === '') return undefined;
  if (first === '') return suffixRange(Number(last), totalBytes);

  const start = Number(first);
  const end = last === '' ? totalBytes : Number(last) + 1;
  if (last !== '' && BigInt(last) < BigInt(first)) return undefined;
  if (start >= totalBytes) return 'unsatisfiable';
  return { start, end: Math.min(end, totalBytes) };
}

function suffixRange(suffixBytes: number, totalBytes: number): ReturnType<typeof parseRange> {
  if (suffixBytes === 0) return 'unsatisfiable';
  // Satisfiable by the rule, but Content-Range has no words for a part of nothing.
  if (totalBytes === 0) return undefined;
  return { start: Math.max(totalBytes - suffixBytes, 0), end: totalBytes };
}

/**
 * The `Content-Range` value (RFC 9110 section 14.4) for a 206 with this range, or for the 416 of
 * an unsatisfiable one.
 */
export function contentRange(range: ByteRange | 'unsatisfiable', totalBytes: number): string {
  if (range === 'unsatisfiable') return `bytes */${totalBytes}`;
  return `bytes ${range.start}-${range.end - 1}/${totalBytes}`;
}
