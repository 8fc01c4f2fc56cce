import { createHash } from 'node:crypto';
import { Reader } from '@anarq/dag';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BloomFilter, bloomFalsePositives } from '../src/index.ts';

const keyOf = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('the filter of a segment', () => {
  it('never denies a key that was added, whatever the seed and however it is filled', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string(), { maxLength: 200 }),
        fc.integer({ min: 1, max: 300 }),
        fc.nat({ max: 0xffffffff }),
        (texts, planned, seed) => {
          const filter = BloomFilter.for(planned, 10, seed);
          for (const text of texts) filter.add(keyOf(text));
          const again = BloomFilter.read(new Reader(filter.encode()));
          expect(texts.filter((text) => !filter.mayHave(keyOf(text)))).toEqual([]);
          expect(texts.filter((text) => !again.mayHave(keyOf(text)))).toEqual([]);
        },
      ),
    );
  });

  it.each([8, 10, 16])(
    'takes a key for its own as seldom as theory says, with %i bits a key',
    (bits) => {
      const [keys, tries] = [20_000, 200_000];
      const filter = BloomFilter.for(keys, bits, 0x5eed);
      for (let at = 0; at < keys; at += 1) filter.add(keyOf(`in ${at}`));
      let wrong = 0;
      for (let at = 0; at < tries; at += 1) if (filter.mayHave(keyOf(`out ${at}`))) wrong += 1;
      const expected = bloomFalsePositives(keys, filter.bytes);
      const deviation = Math.sqrt((expected * (1 - expected)) / tries);
      expect(Math.abs(wrong / tries - expected)).toBeLessThan(4 * deviation);
    },
  );

  it('of ten bits a key takes about one in a hundred for its own', () => {
    const { bytes } = BloomFilter.for(20_000, 10, 1);
    expect(bloomFalsePositives(20_000, bytes)).toBeGreaterThan(0.005);
    expect(bloomFalsePositives(20_000, bytes)).toBeLessThan(0.02);
  });

  it('asks for other bits under another seed: nobody can choose keys that all seem to be there', () => {
    const first = filled(7);
    const colliding = Array.from({ length: 20_000 }, (_, at) => keyOf(`out ${at}`)).filter((key) =>
      first.mayHave(key),
    );
    expect(colliding.length).toBeGreaterThan(50);
    const other = filled(8);
    expect(colliding.filter((key) => other.mayHave(key)).length).toBeLessThan(colliding.length / 4);
  });
});

/** A small one with thirty keys. */
function filled(seed: number): BloomFilter {
  const filter = BloomFilter.for(30, 8, seed);
  for (let at = 0; at < 30; at += 1) filter.add(keyOf(`in ${at}`));
  return filter;
}
