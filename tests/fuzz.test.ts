import { fuzz, problemOf, type Decoder } from '@anarq/testing/fuzz';
import { describe, expect, it } from 'vitest';
import { keptDecoders, keptFor } from './fuzz/corpus.ts';
import { decoders } from './fuzz/decoders.ts';
import { fuzzing } from './fuzz/fuzzing.ts';

describe('what readers of bytes from outside once met', () => {
  it.each(decoders.map((decoder) => [decoder.name, decoder] as const))(
    '%s takes rightly',
    (name, decoder) => {
      for (const bytes of decoder.seeds) expect(problemOf(decoder, bytes)).toBeUndefined();
      for (const kept of keptFor(name))
        expect([kept.name, problemOf(decoder, kept.bytes)]).toEqual([kept.name, undefined]);
    },
  );

  it('is kept only for readers that there are', () => {
    const names = new Set(decoders.map(({ name }) => name));
    expect(keptDecoders().filter((name) => !names.has(name))).toEqual([]);
  });
});

describe('a short search', () => {
  it('finds nothing that a reader takes wrongly', async () => {
    const lines = await fuzzing(300, 1);
    expect(lines.map(({ decoder }) => decoder)).toEqual(decoders.map(({ name }) => name));
    expect(lines.filter(({ found }) => found.length > 0)).toEqual([]);
    for (const { functions } of lines) expect(functions).toBeGreaterThan(0);
  }, 120_000);
});

describe('the search', () => {
  /** Fails where three bytes stand in a row, which nobody guesses at once. */
  const fragile: Decoder = {
    name: 'fragile',
    decode: (bytes) => {
      if (bytes[0] === 0x66 && bytes[1] === 0x6f && bytes[2] === 0x78) throw new TypeError('fox');
      return undefined;
    },
    refuses: () => false,
    seeds: [new TextEncoder().encode('the quick brown fox jumps over the lazy dog')],
  };
  const order = { runs: 5_000, isOurs: (url: string) => url.includes('fuzz.test') };

  it('finds a case, makes it small, and finds the same again from the same seed', () => {
    const first = fuzz(fragile, { ...order, seed: 7 });
    expect(first.found).toEqual([
      { problem: 'throws TypeError: fox', bytes: new TextEncoder().encode('fox') },
    ]);
    expect(fuzz(fragile, { ...order, seed: 7 }).found).toEqual(first.found);
  });

  it('tells of what does not come back as it was', () => {
    const forgetful: Decoder = {
      name: 'forgetful',
      decode: (bytes) => bytes.subarray(1),
      encode: (value: Uint8Array) => value,
      identity: 'bytes',
      refuses: () => false,
      seeds: [Uint8Array.of(1, 2, 3)],
    };
    const { found } = fuzz(forgetful, { ...order, runs: 100, seed: 1 });
    expect(found.map(({ problem }) => problem)).toEqual(['writes other bytes than it read']);
  });
});
