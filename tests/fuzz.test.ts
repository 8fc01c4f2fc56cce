import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fuzz, problemOf, type Decoder } from '@anarq/testing/fuzz';
import { describe, expect, it } from 'vitest';
import { keptDecoders, keptFor } from './fuzz/corpus.ts';
import { decoders } from './fuzz/decoders.ts';
import { fuzzing } from './fuzz/fuzzing.ts';

const ROOTS = ['engines', 'packages', 'modules'];
/** What reads a text or bytes and nothing else, perhaps of a chain: by its name and its first argument. */
const READER =
  /^export (?:function|const) ((?:parse|read|decode)[A-Z]\w*)[^(]*\(\s*(?:chainId: Uint8Array,\s*)?(?:bytes|text)\b/gm;

/** Readers of bytes or a text that no decoder here is of, and why. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  decodeStrict: 'within delegation',
  decodeAccount: 'within chain-state',
  decodeHeader: 'within chain-block',
  readEntry: 'is decodeEntry behind a limit',
  readDecimal: 'within decimal',
  parseStrictJsonText: 'within strict-json',
  readErrorModel: 'takes memory by the greatest number in it, up to its limit: its own tests',
  readShots: 'of an argument that says how many bits: its own property tests',
  readObservable: 'likewise of the number of qubits',
  parseBridge: 'what an operator writes on the command line',
  decodeAnswer: 'what the books of this process answered',
  decodeRootKey: 'a file of the node itself, whose key it is',
  readSegment: 'a file of the node itself',
  readLock: 'a file of this repository',
};

const root = fileURLToPath(new URL('../', import.meta.url));
const filesUnder = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
    .map((entry) => join(entry.parentPath, entry.name));
const sourceOf = (path: string): string => readFileSync(path, 'utf8');

describe('what readers of bytes from outside once met', () => {
  it.each(decoders.map((decoder) => [decoder.name, decoder] as const))(
    '%s takes rightly',
    (name, decoder) => {
      for (const bytes of decoder.seeds) expect(problemOf(decoder, bytes)).toBeUndefined();
      for (const kept of keptFor(name))
        expect([kept.name, problemOf(decoder, kept.bytes)]).toEqual([kept.name, undefined]);
    },
  );

  it('has a reader of each kind that there is, or a reason why not', () => {
    const fuzzed = filesUnder('tests/fuzz').map(sourceOf).join('\n');
    const readers = ROOTS.flatMap(filesUnder)
      .filter((path) => /\/src\/.*\.ts$/.test(path) && !path.includes('/testing/'))
      .flatMap((path) => [...sourceOf(path).matchAll(READER)].map(([, name = '']) => name));
    expect(readers.length).toBeGreaterThan(20);
    const missing = readers.filter(
      (name) => !new RegExp(`\\b${name}\\b`).test(fuzzed) && !Object.hasOwn(LEFT_OUT, name),
    );
    expect(missing).toEqual([]);
    // A reason for what is no more, or is fuzzed by now, goes.
    expect(Object.keys(LEFT_OUT).filter((name) => !readers.includes(name))).toEqual([]);
  });

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
