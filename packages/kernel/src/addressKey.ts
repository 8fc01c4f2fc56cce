/**
 * The network address that a limit counts: an IPv4 address as it is, and the first 64 bits of an
 * IPv6 address, because whoever has one of those has 2^64.
 */
export function addressKey(peer: string): string {
  if (!peer.includes(':')) return peer;
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(peer);
  if (mapped?.[1] !== undefined) return mapped[1];
  const [head = '', tail] = peer.toLowerCase().split('%', 1)[0]?.split('::', 2) ?? [];
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length);
  const groups = [...first, ...Array<string>(zeros).fill('0'), ...last].slice(0, 4);
  return `${groups.map((group) => group.replace(/^0+(?=.)/, '')).join(':')}::/64`;
}
