import { createHash } from 'node:crypto';
import { fail } from '@anarq/common-schemas';
import { DagBuilder, parseRawCid, readRange } from '@anarq/content';
import { handler, type ReadContext } from '@anarq/kernel';
import { chunkLookup, inTableWords } from '../chunks.ts';
import { qdrive } from '../contract.ts';
import { openKey } from '../contentKey.ts';
import { fileView } from '../fileView.ts';
import { allParts, files, missingParts, uploads, type UploadRow } from '../store.ts';
import { sweepStrays } from '../sweep.ts';
import { assertOpen, ended, MISSING_TOLD_MAX } from '../upload.ts';

export const complete = handler(qdrive.complete, async (input, ctx) => {
  const upload = await ctx.rows(uploads).require(input.uploadId);
  assertOpen(upload, ctx.now_ms);
  const missing = await missingParts(ctx.select, upload.file_id, upload.parts, MISSING_TOLD_MAX);
  if (missing.length > 0) fail('UPLOAD_INCOMPLETE', undefined, { missing, parts: upload.parts });

  const found = { ...(await contentOf(upload, ctx)), bytes: upload.bytes };
  assertAnnounced({ cid: input.cid, bytes: input.bytes, sha256Hex: input.sha256Hex }, found);
  if (upload.sha256_hex !== null) assertAnnounced({ sha256Hex: upload.sha256_hex }, found);

  const { file_id: id, owner, name, media_type, metadata, bytes, key_sealed } = upload;
  const content = { cid: found.cid, sha256_hex: found.sha256Hex };
  const file = { id, owner, name, media_type, metadata, bytes, key_sealed, ...content };
  ctx.rows(files).insert(file);
  ctx.rows(uploads).update(upload, ended('COMPLETED'));
  await sweepStrays(ctx, id);
  ctx.emit('q.qdrive.file.created.v1', {
    fileId: id,
    owner,
    cid: found.cid,
    bytes,
    mediaType: media_type,
  });
  return fileView({ ...file, version: 1, created_ms: ctx.now_ms, updated_ms: ctx.now_ms });
});

/**
 * Root CID from the leaves that were stored; SHA-256 from the blocks themselves, read back and
 * opened, so that a file exists only if all of it can be read.
 */
async function contentOf(
  upload: UploadRow,
  ctx: Pick<ReadContext, 'select' | 'services'>,
): Promise<{ cid: string; sha256Hex: string }> {
  const { file_id: fileId, bytes: totalBytes } = upload;
  const dag = new DagBuilder();
  for await (const part of allParts(ctx.select, fileId))
    dag.add(parseRawCid(part.leaf), part.bytes);
  const sha256 = createHash('sha256');
  const content = readRange({
    blocks: ctx.services.blocks,
    chunks: chunkLookup(ctx.select, fileId),
    totalBytes,
    key32: openKey(ctx.services.sealer, fileId, upload.key_sealed),
    fileId,
    start: 0,
    end: totalBytes,
  });
  for await (const piece of inTableWords(content)) sha256.update(piece);
  return { cid: dag.finish().toString(), sha256Hex: sha256.digest('hex') };
}

type Announced = Partial<Readonly<{ cid: string; bytes: number; sha256Hex: string }>>;

function assertAnnounced(expected: Announced, found: Required<Announced>): void {
  const differs = (['cid', 'bytes', 'sha256Hex'] as const).filter(
    (member) => expected[member] !== undefined && expected[member] !== found[member],
  );
  if (differs.length > 0)
    fail('CONTENT_DIGEST_MISMATCH', `The content has another ${differs.join(' and ')}.`, {
      expected,
      found,
    });
}
