/**
 * A node, its HTTP surface and a client in one process: sends a file of 64 MiB up and fetches it,
 * a piece at a time, and prints its digests and the largest growth of resident memory, as JSON.
 * Runs with --expose-gc: it is not V8's patience that is measured.
 */
import { createHash } from 'node:crypto';
import { DagBuilder, leafCid } from '@anarq/content';
import { qdrive } from '../src/contract.ts';
import { fetchTicket, madeBytes, MIB, put, sendPart, startDrive } from './support.ts';

const PARTS = 64;
const COLLECT_BYTES = 2 * MIB;
const drive = await startDrive();
// Code is compiled and pools are filled before anything is measured.
await put(drive, madeBytes(2 * MIB));
globalThis.gc?.();

const piece = madeBytes(MIB);
const before = process.memoryUsage.rss();
let largest = 0;
let moved = 0;

function measure(bytes: number): void {
  const round = Math.floor(moved / COLLECT_BYTES);
  moved += bytes;
  if (Math.floor(moved / COLLECT_BYTES) > round) globalThis.gc?.();
  largest = Math.max(largest, process.memoryUsage.rss());
}

const upload = await drive.alice.call(qdrive.begin, {
  name: 'large.bin',
  bytes: PARTS * MIB,
  mediaType: 'application/octet-stream',
});
const sentHash = createHash('sha256');
const dag = new DagBuilder();
for (let index = 0; index < PARTS; index += 1) {
  piece.fill(index, 0, 1_000);
  sentHash.update(piece);
  dag.add(leafCid(piece), MIB);
  const sent = await sendPart(drive, upload, index, piece);
  if (sent.status === 'error') throw new Error(sent.message);
  measure(MIB);
}
const sha256Hex = sentHash.digest('hex');
const { fileId } = await drive.alice.call(qdrive.complete, {
  uploadId: upload.uploadId,
  cid: dag.finish().toString(),
  bytes: PARTS * MIB,
  sha256Hex,
});
measure(0);

const ticket = await drive.alice.call(qdrive.get, { fileId });
const fetchedHash = createHash('sha256');
for await (const bytes of (await fetchTicket(drive, ticket)).body ?? []) {
  fetchedHash.update(bytes);
  measure(bytes.length);
}
console.log(
  JSON.stringify({
    moved,
    sent: sha256Hex,
    fetched: fetchedHash.digest('hex'),
    growthBytes: largest - before,
  }),
);
await drive.close();
