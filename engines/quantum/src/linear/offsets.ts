/**
 * What each setting of some bits adds to an index: bit k of the setting stands at `places[k]` of the index.
 * In numbers, since places of large states are beyond 31.
 */
export function offsetsOf(places: readonly number[]): number[] {
  let offsets = [0];
  for (const place of places)
    offsets = [...offsets, ...offsets.map((offset) => offset + 2 ** place)];
  return offsets;
}
