import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Result } from '@anarq/common-schemas';
import { rechunk } from '@anarq/content';
import { sha256Hex } from '@anarq/crypto';
import { CallError, localFailure } from './callError.ts';
import type { Client } from './client.ts';
import { callDrive, contentOf } from './drive.ts';
import { FileDigest } from './fileDigest.ts';
import { patiently } from './patiently.ts';
import { ConnectionLost } from './transport.ts';

export interface UploadOrder {
  /** Default: the name of the file, for a path. */
  readonly name?: string;
  /** Default: application/octet-stream. */
  readonly mediaType?: string;
  /** Exact length; needed for a stream, known for a path. */
  readonly bytes?: number;
  readonly metadata?: Readonly<Record<string, string>>;
  /** An upload that was begun before: only what is missing is sent. The content must be the same. */
  readonly resume?: { readonly uploadId: string };
  /** After each part that the node has. */
  readonly onProgress?: (progress: UploadProgress) => void;
  readonly subject?: string;
  readonly grant?: string;
}

export interface UploadProgress {
  /** Keep it: with it an interrupted upload is resumed. */
  readonly uploadId: string;
  readonly sentBytes: number;
  readonly bytes: number;
}

export interface UploadedFile {
  readonly fileId: string;
  readonly cid: string;
  readonly bytes: number;
  readonly sha256Hex: string;
}

interface Upload {
  readonly uploadId: string;
  readonly partBytes: number;
  ticket: string;
}

/**
 * Sends content in parts, one in memory at a time; each carries its digest and is sent again when
 * the connection breaks. The file is complete only when CID, length and digest agree on both sides.
 * @param source a path, or the content
 * @throws CallError
 */
export async function uploadFile(
  client: Client,
  source: string | AsyncIterable<Uint8Array>,
  order: UploadOrder = {},
): Promise<UploadedFile> {
  const bytes = order.bytes ?? (typeof source === 'string' ? (await stat(source)).size : undefined);
  if (bytes === undefined)
    throw new CallError(localFailure('INPUT_INVALID', 'The length of a stream must be given.'));
  const upload = await (order.resume === undefined
    ? begin(client, source, bytes, order)
    : reopen(client, order.resume.uploadId, order));
  const missing = new MissingParts(client, upload, order);
  const digest = new FileDigest();
  const content = typeof source === 'string' ? createReadStream(source) : source;
  let index = 0;
  for await (const part of rechunk(content, upload.partBytes, { reuse: true })) {
    digest.add(part);
    if (digest.bytes > bytes) throw lengthDiffers(bytes);
    if (await missing.has(index)) await sendPart(client, upload, index, part, order);
    order.onProgress?.({ uploadId: upload.uploadId, sentBytes: digest.bytes, bytes });
    index += 1;
  }
  if (digest.bytes !== bytes) throw lengthDiffers(bytes);
  return complete(client, upload.uploadId, digest, order);
}

type Party = Pick<UploadOrder, 'subject' | 'grant'>;

const asParty = ({ subject, grant }: Party) => ({
  ...(subject === undefined ? {} : { subject }),
  ...(grant === undefined ? {} : { grant }),
});

async function begin(
  client: Client,
  source: string | AsyncIterable<Uint8Array>,
  bytes: number,
  order: UploadOrder,
): Promise<Upload> {
  const name = order.name ?? (typeof source === 'string' ? basename(source) : 'unnamed');
  const begun = await callDrive(
    client,
    'begin',
    {
      name,
      bytes,
      mediaType: order.mediaType ?? 'application/octet-stream',
      ...(order.metadata === undefined ? {} : { metadata: order.metadata }),
    },
    asParty(order),
  );
  return {
    uploadId: begun.text('uploadId'),
    partBytes: begun.whole('partBytes'),
    ticket: begun.text('ticket'),
  };
}

async function reopen(client: Client, uploadId: string, order: Party): Promise<Upload> {
  const state = await callDrive(client, 'upload', { uploadId }, asParty(order));
  return { uploadId, partBytes: state.whole('partBytes'), ticket: state.text('ticket') };
}

/** Which parts the node still lacks: it names the first few, and is asked again beyond them. */
class MissingParts {
  readonly #client: Client;
  readonly #upload: Upload;
  readonly #order: UploadOrder;
  #named: ReadonlySet<number> = new Set();
  /** Parts up to this one are missing exactly if they are named. */
  #knownTo: number;

  constructor(client: Client, upload: Upload, order: UploadOrder) {
    this.#client = client;
    this.#upload = upload;
    this.#order = order;
    this.#knownTo = -1;
  }

  async has(index: number): Promise<boolean> {
    if (this.#order.resume === undefined) return true;
    if (index > this.#knownTo) await this.#ask();
    return this.#named.has(index);
  }

  async #ask(): Promise<void> {
    const { uploadId } = this.#upload;
    const state = await callDrive(this.#client, 'upload', { uploadId }, asParty(this.#order));
    const named = state.wholes('missing');
    const missingCount = state.whole('parts') - state.whole('received');
    this.#named = new Set(named);
    this.#knownTo = named.length < missingCount ? Math.max(...named) : Number.POSITIVE_INFINITY;
  }
}

async function sendPart(
  client: Client,
  upload: Upload,
  index: number,
  bytes: Uint8Array,
  order: Party,
): Promise<void> {
  const port = contentOf(client);
  const part = { index, bytes, sha256Hex: sha256Hex(bytes) };
  await patiently(async () => {
    const answer: Result<unknown> = await port.putPart(upload.ticket, part);
    if (answer.status === 'ok') return;
    if (answer.code === 'TICKET_INVALID') {
      ({ ticket: upload.ticket } = await reopen(client, upload.uploadId, order));
      throw new ConnectionLost('the ticket had expired');
    }
    throw new CallError(answer);
  });
}

async function complete(
  client: Client,
  uploadId: string,
  digest: FileDigest,
  order: Party,
): Promise<UploadedFile> {
  // The key follows from the upload, so that completing again answers with the same file.
  const file = await callDrive(
    client,
    'complete',
    { uploadId, ...digest.finish() },
    { ...asParty(order), idempotencyKey: `complete-${uploadId}` },
  );
  return {
    fileId: file.text('fileId'),
    cid: file.text('cid'),
    bytes: file.whole('bytes'),
    sha256Hex: file.text('sha256Hex'),
  };
}

const lengthDiffers = (bytes: number): CallError =>
  new CallError(
    localFailure('CONTENT_DIGEST_MISMATCH', `The content has not the ${bytes} bytes announced.`),
  );
