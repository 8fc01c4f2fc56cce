import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { commonHeaders } from './respond.ts';

/** Below this, compression saves less than its header costs. */
const COMPRESSED_BYTES_MIN = 1_024;
/** Readers ask whether a document has changed each time they use it. */
const CACHE_CONTROL = 'public, no-cache';

const ENCODERS = { br: promisify(brotliCompress), gzip: promisify(gzip) } as const;
type Encoding = keyof typeof ENCODERS;

/** A public document: its text, and what is computed of it once. */
export interface Publication {
  readonly bytes: Buffer;
  readonly digest: string;
  readonly encoded: Map<Encoding, Promise<Buffer>>;
}

export function publication(text: string): Publication {
  const bytes = Buffer.from(text);
  const digest = createHash('sha256').update(bytes).digest('base64url').slice(0, 22);
  return { bytes, digest, encoded: new Map() };
}

/**
 * Sends a public document: compressed where the client takes that, and not at all where the client
 * has it (RFC 9110 section 13). Answers of calls never go this way: what is secret must not be
 * compressed beside what a caller chose (BREACH).
 */
export async function publish(
  reply: FastifyReply,
  request: FastifyRequest,
  document: Publication,
): Promise<FastifyReply> {
  const encoding = document.bytes.length < COMPRESSED_BYTES_MIN ? undefined : chosen(request);
  // Two encodings of one text are two representations, and have two tags.
  const tag = `"${document.digest}${encoding === undefined ? '' : `-${encoding}`}"`;
  reply.headers({
    ...commonHeaders(request.id),
    'cache-control': CACHE_CONTROL,
    etag: tag,
    vary: 'accept-encoding, origin',
  });
  if (isKnown(request.headers['if-none-match'], tag)) return reply.code(304).send();
  reply.type('application/json; charset=utf-8');
  if (encoding === undefined) return reply.send(document.bytes);
  reply.header('content-encoding', encoding);
  return reply.send(await encodedBy(document, encoding));
}

function encodedBy({ bytes, encoded }: Publication, encoding: Encoding): Promise<Buffer> {
  const known = encoded.get(encoding);
  if (known !== undefined) return known;
  const made = ENCODERS[encoding](bytes);
  encoded.set(encoding, made);
  return made;
}

/** The first of our encodings that the client accepts (RFC 9110 section 12.5.3). */
function chosen({ headers }: FastifyRequest): Encoding | undefined {
  const accepted = new Map(
    String(headers['accept-encoding'] ?? '')
      .toLowerCase()
      .split(',')
      .map((part) => {
        const [name = '', weight = 'q=1'] = part.split(';').map((piece) => piece.trim());
        return [name, Number(/^q=(.*)$/.exec(weight)?.[1] ?? 1)] as const;
      }),
  );
  const any = accepted.get('*') ?? 0;
  return (['br', 'gzip'] as const).find((name) => (accepted.get(name) ?? any) > 0);
}

/** Weak comparison, as If-None-Match wants it (RFC 9110 section 13.1.2). */
const isKnown = (header: string | undefined, tag: string): boolean =>
  header !== undefined &&
  header.split(',').some((one) => ['*', tag].includes(one.trim().replace(/^W\//, '')));
