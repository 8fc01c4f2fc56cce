import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CHUNK_BYTES,
  leafCid,
  openChunk,
  openSealedStream,
  readRange,
  readSealed,
  SEAL_OVERHEAD_BYTES,
  sealChunk,
  SEALED_CHUNK_BYTES,
  sealedBytesOf,
} from '../src/index.ts';
import { codeOf, collect, patternBytes, type StoredFile, storeFile, streamOf } from './support.ts';

const plain = patternBytes(2 * CHUNK_BYTES + 4321);
let folder: string;
let file: StoredFile;
let sealed: Uint8Array;

const wholeSealed = (of: StoredFile): AsyncGenerator<Uint8Array> =>
  readSealed({ ...of, start: 0, end: sealedBytesOf(of.totalBytes) });
const range = (start: number, end: number, of = file): Promise<Uint8Array> =>
  collect(readRange({ ...of, start, end }));
const open = (
  change: Partial<Parameters<typeof openSealedStream>[0]> & { bytes?: Uint8Array },
): Promise<Uint8Array> => {
  const { bytes = sealed, ...rest } = change;
  return collect(openSealedStream({ ...file, source: streamOf(bytes), ...rest }));
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'q-content-'));
  file = await storeFile(folder, plain);
  sealed = await collect(wholeSealed(file));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a sealed chunk', () => {
  const key32 = randomBytes(32);
  const chunk = { key32, fileId: 'file-1', index: 3, plain: patternBytes(100) };

  it('opens to the same bytes, and is 28 bytes longer', () => {
    for (const bytes of [0, 1, 100, CHUNK_BYTES]) {
      const one = { ...chunk, plain: patternBytes(bytes) };
      const box = sealChunk(one);
      expect(box.length).toBe(bytes + SEAL_OVERHEAD_BYTES);
      expect(Buffer.from(openChunk({ ...chunk, sealed: box })).equals(one.plain)).toBe(true);
    }
  });

  it('is other bytes, under another nonce, each time the same part is sealed', () => {
    const boxes = Array.from({ length: 50 }, () => Buffer.from(sealChunk(chunk)));
    expect(new Set(boxes.map((b) => b.subarray(0, 12).toString('hex'))).size).toBe(50);
    expect(new Set(boxes.map((b) => b.subarray(12).toString('hex'))).size).toBe(50);
  });

  it('does not open under another key, for another file or at another position', async () => {
    const box = sealChunk(chunk);
    const changes = [
      { key32: randomBytes(32) },
      { fileId: 'file-2' },
      { fileId: 'file-1\0' },
      { index: 2 },
      { index: 3 + 2 ** 16 },
    ];
    for (const change of changes) {
      const attempt = async (): Promise<unknown> => openChunk({ ...chunk, sealed: box, ...change });
      expect(await codeOf(attempt()), Object.keys(change)[0]).toBe('SEAL_BROKEN');
    }
  });

  it('does not open when any byte is changed, or when it is cut or lengthened', async () => {
    const box = sealChunk({ ...chunk, plain: patternBytes(8) });
    const forged: Uint8Array[] = Array.from(box, (byte, i) => box.with(i, byte ^ 0x80));
    forged.push(box.subarray(1), box.subarray(0, -1), Buffer.concat([box, Buffer.alloc(1)]));
    forged.push(box.subarray(0, SEAL_OVERHEAD_BYTES), new Uint8Array(27), new Uint8Array(0));
    forged.push(new Uint8Array(SEALED_CHUNK_BYTES + 1));
    for (const bytes of forged) {
      const attempt = async (): Promise<unknown> => openChunk({ ...chunk, sealed: bytes });
      expect(await codeOf(attempt())).toBe('SEAL_BROKEN');
    }
  });

  it('refuses more than a chunk, and a file id or index outside its limits', async () => {
    const attempt = async (change: Partial<typeof chunk>): Promise<unknown> =>
      sealChunk({ ...chunk, ...change });
    expect(await codeOf(attempt({ plain: new Uint8Array(CHUNK_BYTES + 1) }))).toBe('TOO_LARGE');
    expect(await codeOf(attempt({ fileId: '' }))).toBe('ARGUMENT_INVALID');
    expect(await codeOf(attempt({ fileId: 'é'.repeat(128) }))).toBe('ARGUMENT_INVALID');
    expect(await codeOf(attempt({ index: -1 }))).toBe('ARGUMENT_INVALID');
    expect(await codeOf(attempt({ index: 0.5 }))).toBe('ARGUMENT_INVALID');
    expect(await codeOf(attempt({ index: 2 ** 31 }))).toBe('ARGUMENT_INVALID');
  });
});

describe('a range of a sealed file', () => {
  const size = plain.length;
  const edges = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, size];

  it('is the same slice of the plain bytes, at every edge', async () => {
    for (const start of edges) {
      for (const end of edges.filter((edge) => edge >= start)) {
        const got = Buffer.from(await range(start, end));
        expect(got.equals(plain.subarray(start, end)), `${start} to ${end}`).toBe(true);
      }
    }
  });

  it('is the same slice of the plain and of the sealed bytes, anywhere', async () => {
    const two = fc.tuple(fc.nat(size), fc.nat(size));
    await fc.assert(
      fc.asyncProperty(two, async ([a, b]) => {
        const [start, end] = [Math.min(a, b), Math.max(a, b)];
        expect(Buffer.from(await range(start, end)).equals(plain.subarray(start, end))).toBe(true);
        const part = await collect(readSealed({ ...file, start, end }));
        expect(Buffer.from(part).equals(sealed.subarray(start, end))).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('reads only the chunks that it touches', async () => {
    const asked: number[] = [];
    const chunks = (index: number): ReturnType<typeof file.chunks> => {
      asked.push(index);
      return file.chunks(index);
    };
    await range(CHUNK_BYTES + 5, CHUNK_BYTES + 6, { ...file, chunks });
    await range(9, 9, { ...file, chunks });
    expect(asked).toEqual([1]);
  });

  it('is refused outside the file', async () => {
    for (const [start, end] of [
      [0, size + 1],
      [-1, 1],
      [2, 1],
      [0.5, 1],
      [0, Number.NaN],
    ]) {
      expect(await codeOf(range(start ?? 0, end ?? 0))).toBe('RANGE_INVALID');
    }
    const past = readSealed({ ...file, start: 0, end: sealedBytesOf(size) + 1 });
    expect(await codeOf(collect(past))).toBe('RANGE_INVALID');
  });

  it('of an empty file is empty, plain and sealed', async () => {
    const empty = { ...file, totalBytes: 0 };
    expect(sealedBytesOf(0)).toBe(0);
    expect(await range(0, 0, empty)).toHaveLength(0);
    expect(await collect(wholeSealed(empty))).toHaveLength(0);
    expect(await open({ totalBytes: 0, source: streamOf() })).toHaveLength(0);
  });
});

describe('a sealed file whose blocks are not in their place', () => {
  const withRefs = (order: number[]): StoredFile => ({
    ...file,
    chunks: (index) => file.chunks(order[index] ?? -1),
  });

  it('is refused when two blocks are swapped, or one stands for another', async () => {
    const bytes = plain.length;
    expect(await codeOf(range(0, bytes, withRefs([1, 0, 2])))).toBe('SEAL_BROKEN');
    expect(await codeOf(range(0, bytes, withRefs([0, 0, 2])))).toBe('SEAL_BROKEN');
    expect(await codeOf(range(0, bytes, withRefs([0, 2, 1])))).toBe('CORRUPT');
  });

  it('is refused when a block is missing, or of another file or key', async () => {
    const bytes = plain.length;
    const missing = { cid: leafCid(randomBytes(4)).toString(), bytes: CHUNK_BYTES };
    expect(await codeOf(range(0, bytes, { ...file, chunks: () => missing }))).toBe('NOT_FOUND');
    expect(await codeOf(range(0, bytes, { ...file, fileId: 'file-2' }))).toBe('SEAL_BROKEN');
    const otherKey = { ...file, key32: randomBytes(32) };
    expect(await codeOf(range(0, bytes, otherKey))).toBe('SEAL_BROKEN');
  });

  it('is refused when the length of the file or of a chunk is given wrongly', async () => {
    const shorter = { ...file, totalBytes: plain.length - 1 };
    expect(await codeOf(range(0, shorter.totalBytes, shorter))).toBe('CORRUPT');
    const lying = { ...file, chunks: (i: number) => ({ cid: file.refs[i]?.cid ?? '', bytes: 7 }) };
    expect(await codeOf(range(0, 5, lying))).toBe('CORRUPT');
  });
});

describe('the sealed form of a file', () => {
  const frame = (index: number): Uint8Array =>
    sealed.subarray(index * SEALED_CHUNK_BYTES, (index + 1) * SEALED_CHUNK_BYTES);

  it('is one frame a chunk, each openable by itself', () => {
    expect(sealed).toHaveLength(plain.length + 3 * SEAL_OVERHEAD_BYTES);
    const second = openChunk({ ...file, index: 1, sealed: frame(1) });
    const expected = plain.subarray(CHUNK_BYTES, 2 * CHUNK_BYTES);
    expect(Buffer.from(second).equals(expected)).toBe(true);
  });

  it('opens to the file, in whatever pieces it arrives', async () => {
    for (const pieceBytes of [65_536, 1_000_003, SEALED_CHUNK_BYTES, sealed.length]) {
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < sealed.length; at += pieceBytes) {
        pieces.push(sealed.subarray(at, at + pieceBytes));
      }
      const got = await open({ source: streamOf(...pieces) });
      expect(Buffer.from(got).equals(plain), `${pieceBytes}`).toBe(true);
    }
  });

  it('is refused when it was cut, inside a frame or between two', async () => {
    const cuts = [0, 5, SEALED_CHUNK_BYTES, 2 * SEALED_CHUNK_BYTES, sealed.length - 1];
    for (const cut of cuts) {
      expect(await codeOf(open({ bytes: sealed.subarray(0, cut) })), `${cut}`).toBe('TRUNCATED');
    }
  });

  it('is refused when more comes than the file has', async () => {
    const longer = [Buffer.concat([sealed, Buffer.alloc(1)]), Buffer.concat([sealed, sealed])];
    for (const bytes of longer) expect(await codeOf(open({ bytes }))).toBe('TOO_LARGE');
    expect(await codeOf(open({ totalBytes: 0 }))).toBe('TOO_LARGE');
    expect(await codeOf(open({ totalBytes: CHUNK_BYTES }))).toBe('TOO_LARGE');
  });

  it('is refused when frames are reordered or repeated', async () => {
    const swapped = Buffer.concat([frame(1), frame(0), frame(2)]);
    const repeated = Buffer.concat([frame(0), frame(0), frame(2)]);
    for (const bytes of [swapped, repeated]) {
      expect(await codeOf(open({ bytes }))).toBe('SEAL_BROKEN');
    }
  });

  it('is refused under the key or the name of another file, and when a byte is changed', async () => {
    expect(await codeOf(open({ key32: randomBytes(32) }))).toBe('SEAL_BROKEN');
    expect(await codeOf(open({ fileId: 'file-2' }))).toBe('SEAL_BROKEN');
    const bytes = Uint8Array.from(sealed);
    bytes[SEALED_CHUNK_BYTES + 99] = (bytes[SEALED_CHUNK_BYTES + 99] ?? 0) ^ 1;
    expect(await codeOf(open({ bytes }))).toBe('SEAL_BROKEN');
  });
});
