/**
 * Cuts a byte stream into pieces of exactly `pieceBytes`, the last one shorter (and none at all
 * for an empty stream). Holds one piece at a time. Each piece is a buffer of its own; with `reuse`
 * all are the same buffer, so that a piece is good only until the next one is asked for.
 */
export async function* rechunk(
  source: AsyncIterable<Uint8Array>,
  pieceBytes: number,
  { reuse = false }: { reuse?: boolean } = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let piece = new Uint8Array(pieceBytes);
  let filled = 0;
  for await (const input of source) {
    let taken = 0;
    while (taken < input.length) {
      const part = input.subarray(taken, taken + pieceBytes - filled);
      piece.set(part, filled);
      filled += part.length;
      taken += part.length;
      if (filled === pieceBytes) {
        yield piece;
        if (!reuse) piece = new Uint8Array(pieceBytes);
        filled = 0;
      }
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}
