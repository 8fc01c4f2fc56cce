const TURN_MS = 100;

/**
 * Calls back after so much time in which this process had its turns. Where a machine has too much to do, what a peer
 * said has long come and was not read yet: to take it for silent then makes more to do, and it never ends.
 * @returns how to prevent it
 */
export function whenPatienceEnds(patience_ms: number, end: () => void): () => void {
  let left = Math.ceil(patience_ms / TURN_MS);
  // However late a turn of a timer comes, it is one turn.
  const timer = setInterval(() => {
    left -= 1;
    if (left > 0) return;
    clearInterval(timer);
    end();
  }, TURN_MS);
  return () => clearInterval(timer);
}
