/**
 * Sends 256 MiB through `rootCid`, `seal` (into the file named next) or `open` (out of it), and
 * prints the bytes that came out and the largest growth of resident memory, as JSON. Runs with
 * --expose-gc: V8 lets 64 MiB of dead buffers lie before it collects them by itself, and it is
 * not V8's patience that is measured.
 */
import { open } from 'node:fs/promises';
import { CHUNK_BYTES, openSealedStream, rechunk, rootCidOf, sealChunk } from '../src/index.ts';

const TOTAL_BYTES = 256 * CHUNK_BYTES;
const INPUT_BYTES = 65_536;
const PIECES_PER_COLLECTION = 64;
const key = { key32: new Uint8Array(32).fill(1), fileId: 'file-1' };
const [, , what, path = ''] = process.argv;
// One buffer for all input, so that what is measured is the package's memory.
const input = new Uint8Array(INPUT_BYTES);
const rssBefore = process.memoryUsage.rss();
let rssLargest = 0;
let pieceCount = 0;

function measure(): void {
  pieceCount += 1;
  if (pieceCount % PIECES_PER_COLLECTION === 0) globalThis.gc?.();
  rssLargest = Math.max(rssLargest, process.memoryUsage.rss());
}

async function* made(): AsyncGenerator<Uint8Array> {
  for (let sent = 0; sent < TOTAL_BYTES; sent += INPUT_BYTES) {
    measure();
    yield input.fill(sent % 251);
  }
}

async function* readFrom(file: string): AsyncGenerator<Uint8Array> {
  await using handle = await open(file, 'r');
  for (;;) {
    measure();
    const { bytesRead } = await handle.read(input);
    if (bytesRead === 0) return;
    yield input.subarray(0, bytesRead);
  }
}

async function sealInto(file: string): Promise<number> {
  await using handle = await open(file, 'w');
  let index = 0;
  for await (const plain of rechunk(made(), CHUNK_BYTES, { reuse: true })) {
    await handle.write(sealChunk({ ...key, index, plain }));
    index += 1;
  }
  return index * CHUNK_BYTES;
}

async function openFrom(file: string): Promise<number> {
  let opened = 0;
  const stream = { ...key, totalBytes: TOTAL_BYTES, source: readFrom(file) };
  for await (const plain of openSealedStream(stream)) opened += plain.length;
  return opened;
}

async function run(): Promise<number> {
  if (what === 'rootCid') return (await rootCidOf(made())).bytes;
  return what === 'seal' ? sealInto(path) : openFrom(path);
}

const bytes = await run();
console.log(JSON.stringify({ bytes, growthBytes: rssLargest - rssBefore }));
