/**
 * Counts the requests of each network address within the running second, so that one that floods the
 * node is turned away before its bodies are read. Nothing is kept beyond that second, and in it no
 * more addresses than there are connections.
 * @param perSecond requests of one address that pass
 * @param now_ms a clock that never goes back
 * @returns for a request of an address: 0 where it passes, else the milliseconds to wait
 */
export function peerLimit(
  perSecond: number,
  now_ms: () => number = () => performance.now(),
): (peer: string) => number {
  const requests = new Map<string, number>();
  let second = 0;
  return (peer) => {
    const at_ms = now_ms();
    if (Math.floor(at_ms / 1_000) !== second) {
      second = Math.floor(at_ms / 1_000);
      requests.clear();
    }
    const before = requests.get(peer) ?? 0;
    if (before >= perSecond) return Math.ceil((second + 1) * 1_000 - at_ms);
    requests.set(peer, before + 1);
    return 0;
  };
}
