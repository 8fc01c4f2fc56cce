import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { OPEN_UPLOADS_MAX, PART_BYTES, qdrive } from '../contract.ts';
import { newSealedKey } from '../contentKey.ts';
import { assertFileName } from '../fileView.ts';
import { uploads } from '../store.ts';
import { sweep } from '../sweep.ts';
import { UPLOAD_LIFE_MS, uploadTicket } from '../upload.ts';

const SWEPT_BLOCKS = 64;
const COUNT_OPEN = `(SELECT count(*) FROM qdrive_upload
  WHERE tenant = :tenant AND owner = :owner AND state = 'OPEN' AND expires_ms > :now_ms)`;

export const begin = handler(qdrive.begin, async (input, ctx) => {
  assertFileName(input.name);
  await sweep(ctx, SWEPT_BLOCKS);
  const mine = { owner: ctx.call.subject, now_ms: ctx.now_ms };
  const [open] = await ctx.select(`SELECT ${COUNT_OPEN} AS n`, mine);
  if ((open?.['n'] as number) >= OPEN_UPLOADS_MAX)
    fail('LIMIT_EXCEEDED', `You have ${OPEN_UPLOADS_MAX} uploads open; complete or abort one.`, {
      limit: 'open uploads',
      maximum: OPEN_UPLOADS_MAX,
    });

  const id = ctx.id('upload');
  const fileId = ctx.id('file');
  const expires_ms = ctx.now_ms + UPLOAD_LIFE_MS;
  const parts = Math.ceil(input.bytes / PART_BYTES);
  ctx.rows(uploads).insert({
    id,
    state: 'OPEN',
    file_id: fileId,
    name: input.name,
    media_type: input.mediaType,
    metadata: input.metadata ?? {},
    bytes: input.bytes,
    parts,
    sha256_hex: input.sha256Hex ?? null,
    key_sealed: newSealedKey(ctx.services.sealer, fileId),
    expires_ms,
  });
  // Several calls at once may all have counted 99: the commit counts again.
  ctx.write({
    name: 'open uploads',
    sql: `SELECT 1 WHERE ${COUNT_OPEN} <= ${OPEN_UPLOADS_MAX}`,
    params: mine,
    expect: { rows: 1 },
  });
  return {
    uploadId: id,
    ...uploadTicket({ id, expires_ms }, ctx),
    partBytes: PART_BYTES,
    parts,
    expiresAt: new Date(expires_ms).toISOString(),
  };
});
