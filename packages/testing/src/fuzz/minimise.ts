const TRIES_MAX = 2_000;

/** Fewer bytes with the same problem: parts are left out, and what is left is made plainer. */
export function minimise(bytes: Uint8Array, isSame: (smaller: Uint8Array) => boolean): Uint8Array {
  let best = bytes;
  const tries = { left: TRIES_MAX };
  const attempt = (smaller: Uint8Array): boolean => {
    tries.left -= 1;
    if (tries.left < 0 || !isSame(smaller)) return false;
    best = smaller;
    return true;
  };
  for (let size = Math.max(1, best.length >> 1); size >= 1 && tries.left > 0; size >>= 1) {
    let at = 0;
    while (at + size <= best.length && tries.left > 0) {
      const without = Buffer.concat([best.subarray(0, at), best.subarray(at + size)]);
      if (!attempt(new Uint8Array(without))) at += size;
    }
  }
  for (const [at, byte] of best.entries())
    if (byte !== 0x30) attempt(Uint8Array.from(best).fill(0x30, at, at + 1));
  return best;
}
