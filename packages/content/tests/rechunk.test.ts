import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rechunk } from '../src/index.ts';
import { patternBytes, streamOf } from './support.ts';

describe('a stream cut into pieces of one size', () => {
  it('carries the same bytes, in full pieces but for the last, however it arrived', async () => {
    const arrival = fc.array(fc.nat(20), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(arrival, fc.integer({ min: 1, max: 16 }), async (sizes, pieceBytes) => {
        const inputs = sizes.map((bytes, i) => patternBytes(bytes, i + 1));
        const pieces = await Array.fromAsync(rechunk(streamOf(...inputs), pieceBytes));
        expect(Buffer.concat(pieces).equals(Buffer.concat(inputs))).toBe(true);
        const lengths = pieces.map((piece) => piece.length);
        expect(lengths.slice(0, -1).every((length) => length === pieceBytes)).toBe(true);
        expect(lengths.every((length) => length > 0 && length <= pieceBytes)).toBe(true);
      }),
    );
  });

  it('gives the same pieces, one at a time, when it uses one buffer again', async () => {
    const input = patternBytes(10);
    const seen: string[] = [];
    for await (const piece of rechunk(streamOf(input), 4, { reuse: true })) {
      seen.push(Buffer.from(piece).toString('hex'));
    }
    const expected = [input.subarray(0, 4), input.subarray(4, 8), input.subarray(8)];
    expect(seen).toEqual(expected.map((piece) => Buffer.from(piece).toString('hex')));
  });
});
