import { fail, QError } from '@anarq/common-schemas';
import { chunkBytesOf, ContentError, leafCid, sealChunk } from '@anarq/content';
import type { TransferClaims, TransferEnvironment, TransferPart } from '@anarq/kernel';
import { StoreError } from '@anarq/store';
import { arriving, inPlace } from './arrival.ts';
import { openKey } from './contentKey.ts';
import { partAt, type StoredPart } from './store.ts';
import { assertStillAllowed, readAuthority } from './ticket.ts';
import { assertOpen } from './upload.ts';

/** What a sender is told of a part that is stored durably. */
export interface PartReceipt {
  readonly uploadId: string;
  readonly index: number;
  readonly bytes: number;
  readonly sha256Hex: string;
}

/**
 * Takes one part of an upload, once or several times, in any order and beside others. It is
 * answered when block and row are durable.
 * @throws TICKET_INVALID, STATE_CONFLICT, INPUT_INVALID, CONTENT_DIGEST_MISMATCH, VERSION_CONFLICT,
 *   QDRIVE_STORAGE_FULL, RATE_LIMIT_EXCEEDED, SERVICE_UNAVAILABLE, REQUEST_TIMEOUT; and what the authority behind the ticket now says
 */
export async function receive(
  claims: TransferClaims,
  part: TransferPart,
  env: TransferEnvironment,
): Promise<PartReceipt> {
  if (claims.kind !== 'upload') fail('TICKET_INVALID', 'This ticket is for a download.');
  const upload = await openUpload(claims, env);
  assertIndex(part.index, upload.parts);
  // Asked again when all of it is here: a part may arrive slowly.
  const check = () =>
    assertStillAllowed(readAuthority(claims.context), upload.owner, env.services, env.now_ms());
  return inPlace(upload.owner, () => take(upload, part, env, check));
}

async function take(
  upload: OpenUpload,
  part: TransferPart,
  env: TransferEnvironment,
  check: () => Promise<void>,
): Promise<PartReceipt> {
  const plain = await readPart(part, chunkBytesOf(upload.bytes, part.index));
  await check();
  const leaf = leafCid(plain);
  // The digest in the CID of a raw leaf is the SHA-256 of its bytes: one hash serves both.
  const sha256Hex = Buffer.from(leaf.multihash.digest).toString('hex');
  if (part.sha256Hex !== undefined && part.sha256Hex.toLowerCase() !== sha256Hex)
    mismatch(part.index, { expected: part.sha256Hex, found: sha256Hex });

  const known = await partAt(env.select, upload.file_id, part.index);
  if (known === undefined) await keep(upload, { part, plain, leaf: leaf.toString() }, env);
  else assertSame(known, leaf.toString());
  return { uploadId: upload.id, index: part.index, bytes: plain.length, sha256Hex };
}

interface OpenUpload {
  readonly id: string;
  readonly tenant: string;
  readonly owner: string;
  readonly file_id: string;
  readonly bytes: number;
  readonly parts: number;
  readonly key32: Uint8Array;
}

async function openUpload(claims: TransferClaims, env: TransferEnvironment): Promise<OpenUpload> {
  const authority = readAuthority(claims.context);
  const [row] = await env.select(
    'SELECT * FROM qdrive_upload WHERE tenant = :tenant AND id = :id',
    { id: claims.id },
  );
  if (row === undefined) return fail('TICKET_INVALID', 'The upload of this ticket is gone.');
  const now_ms = env.now_ms();
  const timed = {
    id: claims.id,
    state: row['state'] as string,
    expires_ms: row['expires_ms'] as number,
  };
  assertOpen(timed, now_ms);
  const owner = row['owner'] as string;
  await assertStillAllowed(authority, owner, env.services, now_ms);
  const file_id = row['file_id'] as string;
  return {
    id: claims.id,
    tenant: claims.tenant,
    owner,
    file_id,
    bytes: row['bytes'] as number,
    parts: row['parts'] as number,
    key32: openKey(env.services.sealer, file_id, row['key_sealed'] as Uint8Array),
  };
}

function assertIndex(index: number, parts: number): void {
  if (!Number.isSafeInteger(index) || index < 0 || index >= parts)
    fail('INPUT_INVALID', `The upload has parts 0 to ${parts - 1}; there is no part ${index}.`, {
      index: Number.isSafeInteger(index) ? index : null,
      parts,
    });
}

function assertSame(known: StoredPart, leaf: string): void {
  if (known.leaf !== leaf)
    fail('VERSION_CONFLICT', `Part ${known.index} is stored already, with other content.`, {
      index: known.index,
      stored: known.leaf,
      sent: leaf,
    });
}

const mismatch = (index: number, details: Readonly<Record<string, unknown>>): never =>
  fail('CONTENT_DIGEST_MISMATCH', `Part ${index} is not the one announced.`, { index, ...details });

/** The bytes of a part: exactly as many as it has; one byte more is enough to refuse it. */
async function readPart({ index, body }: TransferPart, expected: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(expected);
  let filled = 0;
  const refuse = (found: string) => mismatch(index, { expectedBytes: expected, found });
  try {
    for await (const piece of arriving(body)) {
      if (filled + piece.length > expected) refuse(`more than ${expected} bytes`);
      bytes.set(piece, filled);
      filled += piece.length;
    }
  } catch (error) {
    if (error instanceof QError) throw error;
    return refuse(`the connection broke off after ${filled} bytes`);
  }
  return filled === expected ? bytes : refuse(`${filled} bytes`);
}

/** Row, block, row: whatever happens between, no block is there that no row names. */
async function keep(
  upload: OpenUpload,
  { part, plain, leaf }: { part: TransferPart; plain: Uint8Array; leaf: string },
  env: TransferEnvironment,
): Promise<void> {
  const { key32, file_id: fileId } = upload;
  const sealed = sealChunk({ key32, fileId, index: part.index, plain });
  const block = leafCid(sealed).toString();
  const of = { tenant: upload.tenant, file: fileId, block };
  const guard = { upload: upload.id, now_ms: env.now_ms() };
  const stillOpen = `EXISTS (SELECT 1 FROM qdrive_upload
    WHERE tenant = :tenant AND id = :upload AND state = 'OPEN' AND expires_ms > :now_ms)`;
  try {
    await env.commit([
      {
        name: `part ${part.index} begun`,
        sql: `INSERT INTO qdrive_part (tenant, file, block, idx, leaf, bytes, received, created_ms)
              SELECT :tenant, :file, :block, :index, :leaf, :bytes, 0, :now_ms WHERE ${stillOpen}`,
        params: { ...of, ...guard, index: part.index, leaf, bytes: plain.length },
        expect: { changes: 1 },
      },
    ]);
    await env.services.blocks.put(sealed);
    await env.commit([
      {
        name: `part ${part.index} stored`,
        sql: `UPDATE qdrive_part SET received = 1
              WHERE tenant = :tenant AND file = :file AND block = :block AND ${stillOpen}`,
        params: { ...of, ...guard },
        expect: { changes: 1 },
      },
    ]);
  } catch (error) {
    await settle(upload, { index: part.index, leaf, block, error }, env);
  }
}

/** Why a part was not kept: another sender was first, the upload ended, or the node failed. */
async function settle(
  upload: OpenUpload,
  ours: { index: number; leaf: string; block: string; error: unknown },
  env: TransferEnvironment,
): Promise<void> {
  const known = await partAt(env.select, upload.file_id, ours.index);
  if (known?.block === ours.block) return;
  const [row] = await env.select(
    'SELECT state, expires_ms FROM qdrive_upload WHERE tenant = :tenant AND id = :id',
    { id: upload.id },
  );
  const isOpen = row?.['state'] === 'OPEN' && (row['expires_ms'] as number) > env.now_ms();
  // Without a winner in an open upload the node failed: the row stays for a sweep to see.
  if (known === undefined && isOpen) throw inTableWords(ours.error);
  await forget(upload, ours.block, env);
  if (known !== undefined) return assertSame(known, ours.leaf);
  fail('STATE_CONFLICT', 'The upload ended while the part was on its way.', {
    uploadId: upload.id,
    state: row?.['state'] === 'OPEN' ? 'EXPIRED' : (row?.['state'] ?? 'ABORTED'),
  });
}

async function forget(upload: OpenUpload, block: string, env: TransferEnvironment): Promise<void> {
  await env.services.blocks.delete(block);
  await env.commit([
    {
      sql: 'DELETE FROM qdrive_part WHERE tenant = :tenant AND file = :file AND block = :block AND received = 0',
      params: { tenant: upload.tenant, file: upload.file_id, block },
    },
  ]);
}

function inTableWords(error: unknown): unknown {
  const isFull =
    (error instanceof ContentError && error.code === 'STORAGE_FULL') ||
    (error instanceof StoreError && error.code === 'FULL');
  return isFull ? new QError('QDRIVE_STORAGE_FULL', undefined, undefined, { cause: error }) : error;
}
