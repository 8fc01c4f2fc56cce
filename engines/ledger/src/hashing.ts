/**
 * Four words that nobody outside knows. Whoever could work out where ids lie in a table would send such as
 * all lie in one place, and each look-up would go past all of them.
 */
export type HashKey = Uint32Array;

/** For what is the same on every machine, and in books that no stranger sends to. */
export const NO_KEY: HashKey = new Uint32Array(4);

/** Mixes the words of an id; both the low words of counters and the high ones of times spread. */
export const hashOf = (key: HashKey, i0: number, i1: number, i2: number, i3: number): number => {
  let h = Math.imul(i0 ^ key[0]! ^ 0x9e3779b9, 0x85ebca6b);
  h = Math.imul((h ^ (h >>> 15)) + (i1 ^ key[1]!), 0xc2b2ae35);
  h = Math.imul((h ^ (h >>> 13)) + (i2 ^ key[2]!), 0x27d4eb2f);
  h = Math.imul((h ^ (h >>> 16)) + (i3 ^ key[3]!), 0x165667b1);
  return h ^ (h >>> 15);
};

/**
 * How many slots the longest way goes through, in a table that looks on in the next slot where one is
 * taken.
 * @param slots a power of two
 * @param hashAt of what lies in a slot; undefined where nothing does
 */
export function longestWay(slots: number, hashAt: (slot: number) => number | undefined): number {
  let longest = 0;
  for (let slot = 0; slot < slots; slot++) {
    const hash = hashAt(slot);
    if (hash === undefined) continue;
    const way = (slot - (hash & (slots - 1)) + slots) % slots;
    longest = Math.max(longest, way + 1);
  }
  return longest;
}
