import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { ContentError, openSealedStream } from '@anarq/content';
import { fromBase64url } from '@anarq/crypto';
import { CallError, localFailure } from './callError.ts';
import type { Client } from './client.ts';
import { callDrive, contentOf, type Members } from './drive.ts';
import { FileDigest } from './fileDigest.ts';
import { waitOrThrow } from './patiently.ts';
import { ConnectionLost } from './transport.ts';

export interface DownloadOrder {
  readonly fileId: string;
  /** sealed: fetched as stored, and opened here; the node never sees the plain bytes pass. */
  readonly form?: 'plain' | 'sealed';
  readonly subject?: string;
  readonly grant?: string;
}

export interface Download {
  readonly fileId: string;
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: number;
  readonly cid: string;
  readonly sha256Hex: string;
  /**
   * The content, in pieces. Only a stream that ends without an error was complete and true to the
   * digest; it goes on by itself where a connection broke.
   */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * Opens a file for reading, in constant memory.
 * @throws CallError, then and while the body is read: CONTENT_DIGEST_MISMATCH, DECRYPTION_FAILED, …
 */
export async function downloadFile(client: Client, order: DownloadOrder): Promise<Download> {
  const facts = await getTicket(client, order);
  const file = {
    fileId: facts.text('fileId'),
    name: facts.text('name'),
    mediaType: facts.text('mediaType'),
    bytes: facts.whole('bytes'),
    cid: facts.text('cid'),
    sha256Hex: facts.text('sha256Hex'),
  };
  const isSealed = facts.text('form') === 'sealed';
  const source = resumed(client, order, facts, isSealed ? facts.whole('sealedBytes') : file.bytes);
  const plain = isSealed
    ? unsealed(source, { ...file, key32: fromBase64url(facts.text('key')) })
    : source;
  return { ...file, body: verified(plain, file) };
}

/**
 * Saves a file under a path; it stands there only once it is complete and true to its digest.
 * @throws CallError, and what the file system throws
 */
export async function saveFile(
  client: Client,
  order: DownloadOrder,
  path: string,
): Promise<Omit<Download, 'body'>> {
  const { body, ...file } = await downloadFile(client, order);
  const partial = `${path}.partial`;
  try {
    await pipeline(body, createWriteStream(partial, { flush: true }));
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  return file;
}

function getTicket(
  client: Client,
  { fileId, form, subject, grant }: DownloadOrder,
): Promise<Members> {
  return callDrive(
    client,
    'get',
    { fileId, ...(form === undefined ? {} : { form }) },
    {
      ...(subject === undefined ? {} : { subject }),
      ...(grant === undefined ? {} : { grant }),
    },
  );
}

/** The bytes behind a ticket, from where the last connection broke; with a new ticket where needed. */
async function* resumed(
  client: Client,
  order: DownloadOrder,
  facts: Members,
  totalBytes: number,
): AsyncGenerator<Uint8Array> {
  const port = contentOf(client);
  let ticket = facts.text('ticket');
  let at = 0;
  for (let failed = 0; at < totalBytes;) {
    try {
      const opened = await port.open(ticket, at);
      if (opened.status === 'error') {
        if (opened.code !== 'TICKET_INVALID') throw new CallError(opened);
        // Asked for under the same authority: a revocation since then is the end.
        ticket = (await getTicket(client, order)).text('ticket');
        throw new ConnectionLost('the ticket had expired');
      }
      let known = at - opened.start;
      for await (const piece of opened.body) {
        const fresh = piece.subarray(Math.min(known, piece.length));
        known -= piece.length - fresh.length;
        if (fresh.length === 0) continue;
        at += fresh.length;
        failed = 0;
        yield fresh;
      }
      if (at < totalBytes) throw new ConnectionLost('the content ended early');
    } catch (error) {
      failed += 1;
      await waitOrThrow(asLost(error), failed);
    }
  }
}

/** In process there is no connection: a source that fails is one that broke. */
const asLost = (error: unknown): unknown =>
  error instanceof CallError || error instanceof ConnectionLost
    ? error
    : new ConnectionLost(error instanceof Error ? error.message : 'the content broke off', {
        cause: error,
      });

async function* unsealed(
  source: AsyncIterable<Uint8Array>,
  file: { readonly key32: Uint8Array; readonly fileId: string; readonly bytes: number },
): AsyncGenerator<Uint8Array> {
  const { key32, fileId, bytes: totalBytes } = file;
  try {
    yield* openSealedStream({ key32, fileId, totalBytes, source });
  } catch (error) {
    if (!(error instanceof ContentError)) throw error;
    throw new CallError(localFailure('DECRYPTION_FAILED', error.message), { cause: error });
  }
}

async function* verified(
  source: AsyncIterable<Uint8Array>,
  file: { readonly bytes: number; readonly cid: string; readonly sha256Hex: string },
): AsyncGenerator<Uint8Array> {
  const digest = new FileDigest();
  for await (const piece of source) {
    digest.add(piece);
    yield piece;
  }
  const found = digest.finish();
  if (found.bytes !== file.bytes || found.sha256Hex !== file.sha256Hex || found.cid !== file.cid)
    throw new CallError(
      localFailure('CONTENT_DIGEST_MISMATCH', 'The content is not the one that was announced.', {
        expected: file.sha256Hex,
        found: found.sha256Hex,
      }),
    );
}
