/** The sums of the first 1, 2, … weights. */
export function cumulated(length: number, weight: (k: number) => number): Float64Array {
  const sums = new Float64Array(length);
  let sum = 0;
  for (let k = 0; k < length; k += 1) {
    sum += weight(k);
    sums[k] = sum;
  }
  return sums;
}

/** The index on which a share of all weights falls; never one without weight. */
export function indexFor(sums: Float64Array, uniform: number): number {
  const wanted = uniform * sums[sums.length - 1]!;
  let low = 0;
  let high = sums.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sums[middle]! > wanted) high = middle;
    else low = middle + 1;
  }
  // Rounding may have brought a number just below 1 to the very end.
  while (low > 0 && sums[low - 1] === sums[low]) low -= 1;
  return low;
}
