import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  edgeTiles,
  entriesPath,
  entryBundle,
  nodeAddress,
  parseEntryBundle,
  parseTilePath,
  tilePath,
  tileWidth,
} from '../src/index.ts';

describe('tile coordinates', () => {
  it('are those of the examples in the specification', () => {
    expect(tilePath({ level: 0, index: 1234067, width: 256 })).toBe('tile/0/x001/x234/067');
    expect(edgeTiles(70_000)).toEqual([
      { level: 0, index: 273, width: 112 },
      { level: 1, index: 1, width: 17 },
      { level: 2, index: 0, width: 1 },
    ]);
    expect(tileWidth(0, 272, 70_000)).toBe(256);
    expect(tileWidth(0, 274, 70_000)).toBe(0);
    expect(tileWidth(1, 0, 70_000)).toBe(256);
    expect(edgeTiles(256)).toEqual([{ level: 1, index: 0, width: 1 }]);
    expect(tileWidth(0, 0, 256)).toBe(256);
  });

  it('place every complete subtree inside one tile', () => {
    expect(nodeAddress(3, 33, 70_000)).toEqual({
      tile: { level: 0, index: 1, width: 256 },
      first: 8,
      count: 8,
    });
    expect(nodeAddress(8, 272, 70_000)).toEqual({
      tile: { level: 1, index: 1, width: 17 },
      first: 16,
      count: 1,
    });
    expect(() => nodeAddress(8, 273, 70_000)).toThrow(/not in 70000 leaves/);
  });
});

describe('tile paths', () => {
  it('read back to what they were made from', () => {
    fc.assert(
      fc.property(
        fc.nat(6),
        fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
        fc.integer({ min: 1, max: 256 }),
        (level, index, width) => {
          const tile = { level, index, width };
          expect(parseTilePath(tilePath(tile))).toEqual({ kind: 'hashes', ...tile });
          expect(parseTilePath(entriesPath(index, width))).toEqual({
            kind: 'entries',
            index,
            width,
          });
        },
      ),
    );
  });

  it('have one spelling', () => {
    for (const path of [
      'tile/00/000',
      'tile/64/000',
      'tile/0/0',
      'tile/0/x000/001',
      'tile/0/001/002',
      'tile/0/000.p/0',
      'tile/0/000.p/256',
      'tile/0/000.p/05',
      'tile/0/000/',
      'tile/entries/000.p/',
      'tile/0/x999/x999/x999/x999/x999/999',
      '../tile/0/000',
    ]) {
      expect(() => parseTilePath(path), path).toThrow();
    }
  });
});

describe('an entry bundle', () => {
  it('reads back to its entries, and is refused when cut short', () => {
    const entries = [new Uint8Array(0), Uint8Array.of(1, 2, 3), new Uint8Array(300).fill(7)];
    const bundle = entryBundle(entries);
    expect(bundle.subarray(0, 7)).toEqual(Uint8Array.of(0, 0, 0, 3, 1, 2, 3));
    expect(parseEntryBundle(bundle)).toEqual(entries);
    expect(() => parseEntryBundle(bundle.subarray(0, -1))).toThrow(/ends inside/);
    expect(() => entryBundle([new Uint8Array(65_536)])).toThrow(/too long/);
  });
});
