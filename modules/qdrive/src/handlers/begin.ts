import { handler } from '@anarq/kernel';
import { OPEN_UPLOADS_MAX, PART_BYTES, qdrive } from '../contract.ts';
import { newSealedKey } from '../contentKey.ts';
import { assertFileName } from '../fileView.ts';
import { uploads } from '../store.ts';
import { sweep } from '../sweep.ts';
import { UPLOAD_LIFE_MS, uploadTicket } from '../upload.ts';

const SWEPT_BLOCKS = 64;
const COUNT_OPEN = `SELECT count(*) FROM qdrive_upload
  WHERE tenant = :tenant AND owner = :owner AND state = 'OPEN' AND expires_ms > :now_ms`;

export const begin = handler(qdrive.begin, async (input, ctx) => {
  assertFileName(input.name);
  await sweep(ctx, SWEPT_BLOCKS);
  const owner = ctx.call.subject;
  await ctx.atMost({
    of: 'open uploads',
    max: OPEN_UPLOADS_MAX,
    per: owner,
    count: COUNT_OPEN,
    params: { owner, now_ms: ctx.now_ms },
    message: `You have ${OPEN_UPLOADS_MAX} uploads open; complete or abort one.`,
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
  return {
    uploadId: id,
    ...uploadTicket({ id, expires_ms }, ctx),
    partBytes: PART_BYTES,
    parts,
    expiresAt: new Date(expires_ms).toISOString(),
  };
});
