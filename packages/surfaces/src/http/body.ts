import type { IncomingMessage } from 'node:http';
import { fail, QError } from '@anarq/common-schemas';
import type { Credential } from '@anarq/kernel';

/** What is read past the limit and thrown away, so that the connection outlives the refusal. */
const DISCARDED_BYTES_MAX = 16_777_216;
/** The largest body of a sender that does not even claim to be somebody. */
const ANONYMOUS_BYTES_MAX = 65_536;
const JSON_TYPE = /^application\/json[ \t]*(;[ \t]*charset[ \t]*=[ \t]*"?utf-8"?[ \t]*)?$/i;

/** Whether a Content-Type says JSON; no charset but UTF-8 exists for it (RFC 8259 section 8.1). */
export const isJsonType = (contentType: string | undefined): boolean =>
  contentType !== undefined && JSON_TYPE.test(contentType);

/** Whether a request brings a body (RFC 9112 section 6.3). */
export const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined ||
  (headers['content-length'] !== undefined && Number(headers['content-length']) > 0);

/** Who a body comes from, and how large its operation lets it be. */
interface BodyLimit {
  readonly credential: Credential;
  readonly bytesMax: number;
}

/**
 * Reads a whole body. One that is larger than its operation takes is read to its end and thrown away
 * before it is refused, within bounds, so that the sender sees the answer and can go on. Of nobody in
 * particular more than 64 KiB are not read at all: a body costs the node more than its sender.
 * @throws QError INPUT_TOO_LARGE; INPUT_MALFORMED where the body is encoded or breaks off
 */
export function readBody(
  request: IncomingMessage,
  { credential, bytesMax }: BodyLimit,
): Promise<Buffer> {
  if (request.headers['content-encoding'] !== undefined)
    fail('INPUT_MALFORMED', 'Send the body without Content-Encoding.');
  const isUnknown = credential.kind === 'anonymous' && bytesMax > ANONYMOUS_BYTES_MAX;
  const maxBytes = isUnknown ? ANONYMOUS_BYTES_MAX : bytesMax;
  const discarded = isUnknown ? 0 : DISCARDED_BYTES_MAX;
  const tooLarge = () =>
    new QError(
      'INPUT_TOO_LARGE',
      isUnknown
        ? `A body of more than ${maxBytes} bytes needs a token or a signature.`
        : `The body is larger than ${maxBytes} bytes.`,
      { maxBytes },
    );
  if (Number(request.headers['content-length'] ?? 0) > maxBytes + discarded) throw tooLarge();
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) chunks.push(chunk);
      else chunks.length = 0;
      if (isUnknown && bytes > maxBytes) reject(tooLarge());
      if (bytes > maxBytes + DISCARDED_BYTES_MAX) request.destroy();
    });
    let isWhole = false;
    request.once('end', () => {
      isWhole = true;
      if (bytes > maxBytes) reject(tooLarge());
      else resolve(Buffer.concat(chunks));
    });
    // Every request is closed in the end: an error is made, with its stack, only where it is one.
    const broken = () => {
      if (!isWhole) reject(new QError('INPUT_MALFORMED', 'The body broke off.'));
    };
    request.once('error', broken);
    request.once('close', broken);
  });
}

/** Reads what is left of a body and throws it away, so that the connection can be used again. */
export function discardRest(request: IncomingMessage): void {
  let bytes = 0;
  request.on('error', () => {});
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > DISCARDED_BYTES_MAX) request.destroy();
  });
}
