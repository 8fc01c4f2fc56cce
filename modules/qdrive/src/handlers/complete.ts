import { createHash } from 'node:crypto';
import { fail, type InputOf, type OutputOf } from '@anarq/common-schemas';
import { DagBuilder, parseRawCid, readRange } from '@anarq/content';
import { handler, type ReadContext, type WriteContext } from '@anarq/kernel';
import { chunkLookup, inTableWords } from '../chunks.ts';
import { qdrive } from '../contract.ts';
import { openKey } from '../contentKey.ts';
import { fileView } from '../fileView.ts';
import { allParts, files, missingParts, uploads, type UploadRow } from '../store.ts';
import { sweepStrays } from '../sweep.ts';
import { assertOpen, ended, MISSING_TOLD_MAX } from '../upload.ts';

/** Uploads that are being read back: reading one twice at once helps nobody. */
const underWay = new Set<string>();
const RETRY_AFTER_MS = 500;

export const complete = handler(qdrive.complete, async (input, ctx) => {
  const { uploadId } = input;
  if (underWay.has(uploadId))
    fail('CALL_IN_PROGRESS', 'This upload is being completed by another call.', {
      retryAfter_ms: RETRY_AFTER_MS,
    });
  underWay.add(uploadId);
  try {
    return await completeOnce(input, ctx);
  } finally {
    underWay.delete(uploadId);
  }
});

async function completeOnce(
  input: InputOf<typeof qdrive.complete>,
  ctx: WriteContext<typeof qdrive.complete>,
): Promise<OutputOf<typeof qdrive.complete>> {
  const upload = await ctx.rows(uploads).require(input.uploadId);
  assertOpen(upload, ctx.now_ms);
  const missing = await missingParts(ctx.select, upload.file_id, upload.parts, MISSING_TOLD_MAX);
  if (missing.length > 0) fail('UPLOAD_INCOMPLETE', undefined, { missing, parts: upload.parts });

  // What costs least is compared first: the content is read only where all else is as announced.
  const { cid, bytes, sha256Hex } = input;
  assertAnnounced({ bytes }, { bytes: upload.bytes });
  if (upload.sha256_hex !== null) assertAnnounced({ sha256Hex: upload.sha256_hex }, { sha256Hex });
  assertAnnounced({ cid }, { cid: await rootOf(upload, ctx) });
  assertAnnounced({ sha256Hex }, { sha256Hex: await digestOf(upload, ctx) });

  const { file_id: id, owner, name, media_type, metadata, key_sealed } = upload;
  const content = { cid, sha256_hex: sha256Hex };
  const file = { id, owner, name, media_type, metadata, bytes, key_sealed, ...content };
  ctx.rows(files).insert(file);
  ctx.rows(uploads).update(upload, ended('COMPLETED'));
  await sweepStrays(ctx, id);
  ctx.emit('q.qdrive.file.created.v1', {
    fileId: id,
    owner,
    cid,
    bytes,
    mediaType: media_type,
  });
  return fileView({ ...file, version: 1, created_ms: ctx.now_ms, updated_ms: ctx.now_ms });
}

type Reader = Pick<ReadContext, 'select' | 'services'>;

/** Root CID, from the leaves that were stored as the parts came. */
async function rootOf(upload: UploadRow, ctx: Reader): Promise<string> {
  const dag = new DagBuilder();
  for await (const part of allParts(ctx.select, upload.file_id))
    dag.add(parseRawCid(part.leaf), part.bytes);
  return dag.finish().toString();
}

/**
 * SHA-256 from the blocks themselves, read back and opened, so that a file exists only if all of it
 * can be read.
 */
async function digestOf(upload: UploadRow, ctx: Reader): Promise<string> {
  const { file_id: fileId, bytes: totalBytes } = upload;
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
  return sha256.digest('hex');
}

type Announced = Partial<Readonly<{ cid: string; bytes: number; sha256Hex: string }>>;

function assertAnnounced(expected: Announced, found: Announced): void {
  const differs = (['cid', 'bytes', 'sha256Hex'] as const).filter(
    (member) => expected[member] !== found[member],
  );
  if (differs.length > 0)
    fail('CONTENT_DIGEST_MISMATCH', `The content has another ${differs.join(' and ')}.`, {
      expected,
      found,
    });
}
