import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  EMPTY_ROOT,
  growTiles,
  leafHash,
  nodesOfLeaves,
  nodesOfTiles,
  proveConsistency,
  proveInclusion,
  proveSubtreeConsistency,
  proveSubtreeInclusion,
  subtreeRoot,
  tilesNeeded,
  treeRoot,
  verifyConsistency,
  verifyInclusion,
  verifySubtreeConsistency,
  verifySubtreeInclusion,
} from '../src/index.ts';
import type { TileReader } from '../src/index.ts';
import { naivePath, naiveRoot, naiveSubproof } from './naive.ts';

const leavesOf = (size: number): Uint8Array[] =>
  Array.from({ length: size }, (_, i) => leafHash(new TextEncoder().encode(`leaf ${i}`)));
const ALL = leavesOf(1800);

function tilesOf(batches: readonly number[]): { size: number; read: TileReader } {
  const tiles = new Map<string, Uint8Array>();
  const read: TileReader = ({ level, index, width }) =>
    (tiles.get(`${level}/${index}`) ?? new Uint8Array(0)).slice(0, width * 32);
  let size = 0;
  for (const batch of batches) {
    for (const tile of growTiles(size, read, ALL.slice(size, size + batch))) {
      tiles.set(`${tile.level}/${tile.index}`, tile.hashes);
    }
    size += batch;
  }
  return { size, read };
}

function flipBit(hash: Uint8Array, bit: number): Uint8Array {
  const copy = hash.slice();
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

const sizeAndIndex = fc
  .integer({ min: 1, max: 300 })
  .chain((size) => fc.tuple(fc.constant(size), fc.integer({ min: 0, max: size - 1 })));
const subtree = fc
  .tuple(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 0, max: 6 }), fc.nat(100))
  .map(([length, k, more]) => {
    const start = k * 2 ** Math.ceil(Math.log2(length));
    return { start, end: start + length, size: start + length + more };
  });

describe('a Merkle tree', () => {
  it('has the root that the recursive definition gives', () => {
    expect(treeRoot(0, nodesOfLeaves([]))).toEqual(EMPTY_ROOT);
    for (let size = 1; size <= 130; size++) {
      const leaves = ALL.slice(0, size);
      expect(treeRoot(size, nodesOfLeaves(leaves))).toEqual(naiveRoot(leaves));
    }
  });

  it('has the same root whether read from leaves or from tiles grown in any batches', () => {
    const batches = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(batches, (wanted) => {
        const { size, read } = tilesOf(wanted);
        const root = treeRoot(size, nodesOfTiles(size, read));
        expect(root).toEqual(naiveRoot(ALL.slice(0, size)));
      }),
      { numRuns: 40 },
    );
  });
});

describe('an inclusion proof', () => {
  it('is the path of the recursive definition, verifies, and fails with any one bit changed', () => {
    fc.assert(
      fc.property(sizeAndIndex, fc.nat(), fc.nat(255), ([size, index], which, bit) => {
        const leaves = ALL.slice(0, size);
        const leaf = at(leaves, index);
        const node = nodesOfLeaves(leaves);
        const proof = proveInclusion(index, size, node);
        const root = treeRoot(size, node);
        expect(proof).toEqual(naivePath(index, leaves));
        expect(verifyInclusion(index, size, leaf, proof, root)).toBe(true);
        expect(verifyInclusion(index, size, flipBit(leaf, bit), proof, root)).toBe(false);
        expect(verifyInclusion(index, size, leaf, proof, flipBit(root, bit))).toBe(false);
        expect(verifyInclusion(index, size, leaf, [...proof, root], root)).toBe(false);
        if (proof.length > 0) {
          const bad = proof.with(
            which % proof.length,
            flipBit(at(proof, which % proof.length), bit),
          );
          expect(verifyInclusion(index, size, leaf, bad, root)).toBe(false);
          expect(verifyInclusion(index, size, leaf, proof.slice(1), root)).toBe(false);
        }
      }),
    );
  });

  it('of a subtree verifies against the subtree hash, and fails with any one bit changed', () => {
    fc.assert(
      fc.property(subtree, fc.nat(), fc.nat(255), ({ start, end, size }, which, bit) => {
        const index = start + (which % (end - start));
        const node = nodesOfLeaves(ALL.slice(0, size));
        const leaf = at(ALL, index);
        const proof = proveSubtreeInclusion(index, start, end, node);
        const root = subtreeRoot(start, end, node);
        expect(root).toEqual(naiveRoot(ALL.slice(start, end)));
        expect(verifySubtreeInclusion(index, start, end, leaf, proof, root)).toBe(true);
        for (const [i, hash] of proof.entries()) {
          const bad = proof.with(i, flipBit(hash, bit));
          expect(verifySubtreeInclusion(index, start, end, leaf, bad, root)).toBe(false);
        }
      }),
    );
  });

  it('made from tiles needs only the tiles that it names beforehand', () => {
    const { size, read } = tilesOf([300, 300, 57]);
    const allowed = new Set(
      tilesNeeded(size, (node) => proveInclusion(299, size, node)).map((tile) =>
        JSON.stringify(tile),
      ),
    );
    const proof = proveInclusion(
      299,
      size,
      nodesOfTiles(size, (tile) => {
        expect(allowed).toContain(JSON.stringify(tile));
        return read(tile);
      }),
    );
    expect(proof).toEqual(naivePath(299, ALL.slice(0, size)));
  });

  it('is refused for a leaf outside the tree, and for numbers that are no sizes', () => {
    const node = nodesOfLeaves(ALL.slice(0, 5));
    expect(() => proveInclusion(5, 5, node)).toThrow(/not in the tree/);
    expect(() => proveInclusion(0, 0, node)).toThrow();
    const leaf = at(ALL, 0);
    for (const size of [0, -1, 0.5, Number.NaN, 2 ** 60, Infinity]) {
      expect(verifyInclusion(0, size, leaf, [], leaf)).toBe(false);
    }
  });
});

describe('a consistency proof', () => {
  it('is that of the recursive definition, verifies, and fails with any one bit changed', () => {
    fc.assert(
      fc.property(sizeAndIndex, fc.nat(255), ([size2, index], bit) => {
        const size1 = index + 1;
        const leaves = ALL.slice(0, size2);
        const node = nodesOfLeaves(leaves);
        const [root1, root2] = [treeRoot(size1, node), treeRoot(size2, node)];
        const proof = proveConsistency(size1, size2, node);
        expect(proof).toEqual(naiveSubproof(0, size1, leaves));
        expect(verifyConsistency(size1, size2, root1, root2, proof)).toBe(true);
        expect(verifyConsistency(size1, size2, flipBit(root1, bit), root2, proof)).toBe(false);
        expect(verifyConsistency(size1, size2, root1, flipBit(root2, bit), proof)).toBe(false);
        for (const [i, hash] of proof.entries()) {
          const bad = proof.with(i, flipBit(hash, bit));
          expect(verifyConsistency(size1, size2, root1, root2, bad)).toBe(false);
        }
      }),
    );
  });

  it('of a subtree is that of the recursive definition, and fails with any one bit changed', () => {
    fc.assert(
      fc.property(subtree, fc.nat(255), ({ start, end, size }, bit) => {
        const leaves = ALL.slice(0, size);
        const node = nodesOfLeaves(leaves);
        const [part, whole] = [subtreeRoot(start, end, node), treeRoot(size, node)];
        const proof = proveSubtreeConsistency(start, end, size, node);
        expect(proof).toEqual(naiveSubproof(start, end, leaves));
        expect(verifySubtreeConsistency(start, end, size, part, whole, proof)).toBe(true);
        expect(verifySubtreeConsistency(start, end, size, flipBit(part, bit), whole, proof)).toBe(
          false,
        );
        for (const [i, hash] of proof.entries()) {
          const bad = proof.with(i, flipBit(hash, bit));
          expect(verifySubtreeConsistency(start, end, size, part, whole, bad)).toBe(false);
        }
      }),
    );
  });

  it('is refused from the empty tree and from a larger to a smaller one', () => {
    const node = nodesOfLeaves(ALL.slice(0, 5));
    expect(() => proveConsistency(0, 5, node)).toThrow();
    expect(() => proveConsistency(6, 5, node)).toThrow(/does not hold/);
  });
});

function at(hashes: readonly Uint8Array[], index: number): Uint8Array {
  const hash = hashes[index];
  if (hash === undefined) throw new Error(`no hash ${index}`);
  return hash;
}
