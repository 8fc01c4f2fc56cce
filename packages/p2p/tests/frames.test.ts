import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Compressor, decompressed } from '../src/compression.ts';
import { FRAME_KINDS, FrameError, frameHeader, FrameReader } from '../src/frames.ts';
import { noise } from './peers.ts';

const MAX = 10_000;
const kinds = [FRAME_KINDS.plain, FRAME_KINDS.zstd, FRAME_KINDS.routes] as const;

describe('frames on a stream', () => {
  it('come out as they went in, however the stream is cut', () => {
    const frames = fc.array(
      fc.record({ kind: fc.constantFrom(...kinds), body: fc.uint8Array({ maxLength: 600 }) }),
    );
    fc.assert(
      fc.property(frames, fc.infiniteStream(fc.integer({ min: 1, max: 900 })), (sent, cuts) => {
        const stream = Buffer.concat(
          sent.flatMap(({ kind, body }) => [frameHeader(kind, body.byteLength), body]),
        );
        const reader = new FrameReader(MAX);
        const read = [];
        for (let from = 0; from < stream.byteLength;) {
          const to = from + (cuts.next().value ?? 1);
          read.push(...reader.read(stream.subarray(from, to)));
          from = to;
        }
        expect(read).toEqual(sent.map(({ kind, body }) => ({ kind, body: new Uint8Array(body) })));
        expect(reader.kept_bytes).toBe(0);
      }),
    );
  });

  it('of any bytes are read or refused, and no more is kept than one frame', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (parts) => {
        const reader = new FrameReader(MAX);
        try {
          for (const part of parts) {
            reader.read(part);
            expect(reader.kept_bytes).toBeLessThanOrEqual(96 * 1024 + 5);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(FrameError);
        }
      }),
    );
  });

  it.each([
    ['longer than a frame may be', frameHeader(FRAME_KINDS.plain, MAX + 1)],
    ['of 4 GiB', frameHeader(FRAME_KINDS.zstd, 2 ** 32 - 1)],
    ['with a greeting longer than greetings are', frameHeader(FRAME_KINDS.greeting, 4_097)],
    ['of no known kind', Uint8Array.of(99, 0, 0, 0, 1)],
  ])('are refused by their header: %s', (_, header) => {
    const reader = new FrameReader(MAX);
    expect(() => reader.read(header)).toThrow(FrameError);
  });
});

describe('compression', () => {
  it('makes frames smaller that shrink, and gives them back', () => {
    const compressor = new Compressor(1_024);
    const frame = new Uint8Array(Buffer.from('{"account":"ana","amount":"12.00"}'.repeat(200)));
    const packed = compressor.compressed(frame);
    expect(packed?.byteLength).toBeLessThan(frame.byteLength / 20);
    expect(decompressed(packed ?? frame, frame.byteLength)).toEqual(Buffer.from(frame));
  });

  it('leaves signatures and small frames as they are', () => {
    const compressor = new Compressor(1_024);
    expect(compressor.compressed(noise(50_000))).toBeUndefined();
    expect(compressor.compressed(new Uint8Array(1_023))).toBeUndefined();
  });

  it('tries ever less where nothing shrinks, and again at last', () => {
    const compressor = new Compressor(1_024);
    for (let frame = 0; frame < 40; frame++) compressor.compressed(noise(2_000, frame));
    const shrinking = Array.from({ length: 16 }, () => new Uint8Array(2_000));
    const packed = shrinking.map((frame) => compressor.compressed(frame) !== undefined);
    expect(packed[0]).toBe(false);
    expect(packed.at(-1)).toBe(true);
  });

  it('compresses a broadcast once', () => {
    const compressor = new Compressor(1_024);
    const frame = new Uint8Array(5_000);
    expect(compressor.compressed(frame)).toBe(compressor.compressed(frame));
  });

  it('unpacks to no more than was said: a bomb is refused', () => {
    const bomb = new Compressor(1).compressed(new Uint8Array(10_000_000));
    expect(bomb?.byteLength).toBeLessThan(2_000);
    expect(decompressed(bomb ?? new Uint8Array(), 1_000)).toBeUndefined();
    expect(decompressed(bomb ?? new Uint8Array(), 10_000_001)).toBeUndefined();
    expect(decompressed(noise(100), 1_000)).toBeUndefined();
  });
});
