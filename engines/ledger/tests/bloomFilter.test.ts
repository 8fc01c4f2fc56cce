import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BloomFilter } from '../src/bloomFilter.ts';

/** Hashes as the index makes them: every bit as likely as any other. */
const hashes = (count: number): fc.Arbitrary<number[]> =>
  fc.uniqueArray(fc.integer(), { minLength: count, maxLength: count });

describe('the Bloom filter of an index', () => {
  it('never denies a key that was added, however many there are', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }).chain(hashes), (keys) => {
        const filter = BloomFilter.for(keys.length);
        for (const key of keys) filter.add(key);
        expect(keys.filter((key) => !filter.mayHave(key))).toEqual([]);
      }),
    );
  });

  it('denies nearly every key that was not added: fewer than one in two hundred seem to be there', () => {
    const mixed = (seed: number): number => {
      let hash = Math.imul(seed ^ (seed >>> 16), 0x85ebca6b);
      hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
      return hash ^ (hash >>> 16);
    };
    const keys = 20_000;
    const filter = BloomFilter.for(keys);
    for (let key = 0; key < keys; key++) filter.add(mixed(key));
    let seeming = 0;
    for (let key = keys; key < 5 * keys; key++) if (filter.mayHave(mixed(key))) seeming++;
    expect(seeming).toBeLessThan((4 * keys) / 200);
    expect(seeming).toBeGreaterThan(0);
  });

  it('has nothing where nothing was added', () => {
    const filter = BloomFilter.for(1_000);
    expect([0, 1, -1, 0x7fffffff].some((key) => filter.mayHave(key))).toBe(false);
  });
});
