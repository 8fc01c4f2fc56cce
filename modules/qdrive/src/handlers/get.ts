import { sealedBytesOf } from '@anarq/content';
import { toBase64url } from '@anarq/crypto';
import { handler } from '@anarq/kernel';
import { PART_BYTES, qdrive } from '../contract.ts';
import { openKey } from '../contentKey.ts';
import { files } from '../store.ts';
import { issueTicket } from '../ticket.ts';

const DOWNLOAD_LIFE_MS = 300_000;

export const get = handler(qdrive.get, async (input, ctx) => {
  const file = await ctx.rows(files).require(input.fileId);
  const form = input.form ?? 'plain';
  const expires_ms = ctx.now_ms + DOWNLOAD_LIFE_MS;
  const order = { kind: 'download', id: file.id, form, expires_ms } as const;
  return {
    fileId: file.id,
    form,
    ...issueTicket(ctx.services, ctx.call, order, ctx.now_ms),
    expiresAt: new Date(expires_ms).toISOString(),
    name: file.name,
    mediaType: file.media_type,
    bytes: file.bytes,
    sha256Hex: file.sha256_hex,
    cid: file.cid,
    chunkBytes: PART_BYTES,
    ...(form === 'plain'
      ? {}
      : {
          sealedBytes: sealedBytesOf(file.bytes),
          key: toBase64url(openKey(ctx.services.sealer, file.id, file.key_sealed)),
        }),
  };
});
