/** What a 32-bit multiplier is undone with. */
function inverseOf(multiplier: number): number {
  let inverse = 1;
  for (let step = 0; step < 5; step++)
    inverse = Math.imul(inverse, 2 - Math.imul(multiplier, inverse));
  return inverse;
}

/** Ids with one hash where the books have no key: the last word undoes what the others came to. */
export function collidingIds(count: number): bigint[] {
  const undo = inverseOf(0x165667b1);
  return Array.from({ length: count }, (_, index) => {
    const i2 = 1 + index;
    let h = Math.imul(0x9e3779b9, 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 15), 0xc2b2ae35);
    h = Math.imul((h ^ (h >>> 13)) + i2, 0x27d4eb2f);
    const i3 = (Math.imul(12_345, undo) - (h ^ (h >>> 16))) >>> 0;
    return (BigInt(i3) << 96n) | (BigInt(i2) << 64n);
  });
}
