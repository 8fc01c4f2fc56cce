import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SpareMemory } from '../src/engine/spareMemory.ts';
import { FrameReader } from '../src/socket/frameReader.ts';
import { BODY_BYTES_MAX, frameOf } from '../src/socket/frames.ts';

const SEED = 8_190;

interface Got {
  readonly request: number;
  readonly body: string;
}

/** Bodies of lengths around those at which memory is kept, and at which a room ends. */
const bodies = fc.array(
  fc.oneof(
    fc.integer({ min: 0, max: 300 }),
    fc.constantFrom(65_503, 65_504, 65_505, 65_535, 65_536, 65_537, 131_072, 200_000),
  ),
  { maxLength: 8 },
);
/** How many bytes come at a time. */
const cuts = fc.array(fc.integer({ min: 1, max: 90_000 }), { minLength: 1, maxLength: 20 });

const framesOf = (lengths: readonly number[]): Buffer =>
  Buffer.concat(
    lengths.map((length, request) => frameOf(9, request, 0, Buffer.alloc(length, request + 1))),
  );

describe('frames that are put together', () => {
  it('are the same, whether pieces are handed over or read into the room for them', () => {
    fc.assert(
      fc.property(bodies, cuts, fc.boolean(), (lengths, sizes, areGivenBack) => {
        const stream = framesOf(lengths);
        const kept = new SpareMemory();
        const [handed, read]: [Got[], Got[]] = [[], []];
        const byPieces = new FrameReader(({ request }, body) => {
          handed.push({ request, body: body.toString('latin1') });
        }, BODY_BYTES_MAX);
        const byRoom = new FrameReader(
          ({ request }, body) => {
            expect(body.byteOffset % 4).toBe(0);
            read.push({ request, body: body.toString('latin1') });
            if (areGivenBack) kept.giveBack(body);
          },
          BODY_BYTES_MAX,
          kept,
        );
        for (let at = 0, step = 0; at < stream.byteLength; step++) {
          const room = byRoom.room();
          const count = Math.min(
            sizes[step % sizes.length]!,
            room.byteLength,
            stream.byteLength - at,
          );
          room.set(stream.subarray(at, at + count));
          byRoom.filled(count, room);
          byPieces.push(Buffer.from(stream.subarray(at, at + count)));
          at += count;
        }
        expect(handed.map(({ body }) => body.length)).toEqual(lengths);
        expect(read).toEqual(handed);
      }),
      { seed: SEED, numRuns: 60 },
    );
  });

  it('lie in memory that is used again only when it was given back', () => {
    const kept = new SpareMemory();
    const [one, two] = [kept.take(100_000), kept.take(100_000)];
    expect(one.buffer).not.toBe(two.buffer);
    kept.giveBack(one);
    expect(kept.take(90_000).buffer).toBe(one.buffer);
    expect(kept.take(90_000).buffer).not.toBe(one.buffer);
    const small = kept.take(100);
    expect([small.byteOffset, small.buffer.byteLength]).toEqual([0, 100]);
  });
});
