import { fail } from '@anarq/common-schemas';
import {
  contentDisposition,
  contentRange,
  parseRange,
  readRange,
  readSealed,
  sealedBytesOf,
} from '@anarq/content';
import type { TransferClaims, TransferContent, TransferEnvironment } from '@anarq/kernel';
import { chunkLookup, inTableWords } from './chunks.ts';
import { openKey } from './contentKey.ts';
import {
  assertNotStopped,
  assertStillAllowed,
  readAuthority,
  type Form,
  type TicketAuthority,
} from './ticket.ts';

/** How much may still flow after a grant is revoked. */
const RECHECK_BYTES = 8 * 1_048_576;

/**
 * Sends a file, or a range of it, under a download ticket. The authority behind the ticket is asked
 * at the start and every 8 MiB; a revocation or deletion cuts the stream with its error.
 * @throws TICKET_INVALID, RANGE_NOT_SATISFIABLE, GRANT_REVOKED, GRANT_EXPIRED, QONSENT_DENIED
 */
export async function send(
  claims: TransferClaims,
  range: string | undefined,
  env: TransferEnvironment,
): Promise<TransferContent> {
  if (claims.kind !== 'download') fail('TICKET_INVALID', 'This ticket is for an upload.');
  const authority = readAuthority(claims.context);
  const file = await allowedFile(claims, authority, env);
  const totalBytes = authority.form === 'plain' ? file.bytes : sealedBytesOf(file.bytes);
  const wanted = parseRange(range, totalBytes);
  if (wanted === 'unsatisfiable')
    return fail('RANGE_NOT_SATISFIABLE', `The content has ${totalBytes} bytes.`, {
      contentRange: contentRange('unsatisfiable', totalBytes),
      totalBytes,
    });
  const { start, end } = wanted ?? { start: 0, end: totalBytes };
  const check = () => allowedFile(claims, authority, env);
  return {
    headers: {
      ...headersOf(file, authority.form),
      ...(wanted === undefined ? {} : { 'content-range': contentRange(wanted, totalBytes) }),
    },
    totalBytes,
    start,
    end: end - 1,
    partial: wanted !== undefined,
    body: watched(bodyOf(file, { form: authority.form, start, end }, env), check, () =>
      assertNotStopped(authority, env.services),
    ),
  };
}

interface SentFile {
  readonly id: string;
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: number;
  readonly cid: string;
  readonly sha256Hex: string;
  readonly keySealed: Uint8Array;
}

async function allowedFile(
  claims: TransferClaims,
  authority: TicketAuthority,
  env: TransferEnvironment,
): Promise<SentFile> {
  const [row] = await env.select('SELECT * FROM qdrive_file WHERE tenant = :tenant AND id = :id', {
    id: claims.id,
  });
  if (row === undefined) return fail('TICKET_INVALID', 'The file of this ticket was deleted.');
  await assertStillAllowed(authority, row['owner'] as string, env.services, env.now_ms());
  const name = env.services.sealer.open('qdrive_file.name', claims.id, row['name'] as Uint8Array);
  return {
    id: claims.id,
    name: new TextDecoder().decode(name),
    mediaType: row['media_type'] as string,
    bytes: row['bytes'] as number,
    cid: row['cid'] as string,
    sha256Hex: row['sha256_hex'] as string,
    keySealed: row['key_sealed'] as Uint8Array,
  };
}

function bodyOf(
  file: SentFile,
  { form, start, end }: { form: Form; start: number; end: number },
  env: TransferEnvironment,
): AsyncIterable<Uint8Array> {
  const sealedFile = {
    blocks: env.services.blocks,
    chunks: chunkLookup(env.select, file.id),
    totalBytes: file.bytes,
    start,
    end,
  };
  if (form === 'sealed') return inTableWords(readSealed(sealedFile));
  const key32 = openKey(env.services.sealer, file.id, file.keySealed);
  return inTableWords(readRange({ ...sealedFile, key32, fileId: file.id }));
}

/**
 * Passes a body on, and asks again before the first byte and after every 8 MiB; what memory answers,
 * before every piece.
 */
async function* watched(
  body: AsyncIterable<Uint8Array>,
  check: () => Promise<unknown>,
  checkPiece: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  await check();
  let since = 0;
  for await (const piece of body) {
    if (since >= RECHECK_BYTES) {
      await check();
      since = 0;
    }
    await checkPiece();
    yield piece;
    since += piece.length;
  }
}

/** Types that no browser runs as a page or script; everything else is bytes. */
const SAFE_MEDIA_TYPE =
  /^(?:image\/(?:png|jpeg|gif|webp|avif)|audio\/[a-z0-9.+-]+|video\/[a-z0-9.+-]+|text\/(?:plain|csv)|application\/(?:json|pdf|zip|gzip|cbor))$/;
const BYTES = 'application/octet-stream';

/** What a browser is told: save it, guess nothing, run nothing, keep it nowhere shared. */
function headersOf(file: SentFile, form: Form): Record<string, string> {
  const mediaType = file.mediaType.toLowerCase();
  const isPlain = form === 'plain';
  return {
    'content-type': isPlain && SAFE_MEDIA_TYPE.test(mediaType) ? mediaType : BYTES,
    'content-disposition': contentDisposition(file.name),
    // Sealed and plain bytes of one file are two representations (RFC 9110 section 8.8.3).
    etag: isPlain ? `"${file.cid}"` : `"${file.cid}.sealed"`,
    'accept-ranges': 'bytes',
    'x-content-type-options': 'nosniff',
    'cache-control': 'private, no-store',
    'content-security-policy': "sandbox; default-src 'none'",
    // RFC 9530: of the whole representation, whatever range is sent.
    ...(isPlain
      ? { 'repr-digest': `sha-256=:${Buffer.from(file.sha256Hex, 'hex').toString('base64')}:` }
      : {}),
  };
}
