import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frontierOf, frontierRoot, growFrontier, leafHash, nodesOfLeaves } from '../src/index.ts';
import { naiveRoot } from './naive.ts';

const leavesOf = (count: number, from = 0): Uint8Array[] =>
  Array.from({ length: count }, (_, n) => leafHash(Uint8Array.of((from + n) >> 8, from + n)));

describe('a frontier', () => {
  it('grown in any portions is that of the whole tree, and has its root', () => {
    fc.assert(
      fc.property(fc.nat(600), fc.array(fc.nat(40), { maxLength: 12 }), (start, portions) => {
        let leaves = leavesOf(start);
        let frontier = frontierOf(start, nodesOfLeaves(leaves));
        for (const portion of portions) {
          const more = leavesOf(portion, leaves.length);
          frontier = growFrontier(leaves.length, frontier, more);
          leaves = [...leaves, ...more];
          expect(frontier).toEqual(frontierOf(leaves.length, nodesOfLeaves(leaves)));
        }
        expect(frontierRoot(frontier)).toEqual(naiveRoot(leaves));
      }),
      { numRuns: 60 },
    );
  });

  it('of another size is refused', () => {
    expect(() => growFrontier(3, [], leavesOf(1))).toThrow(/not one of 3 leaves/);
  });
});
