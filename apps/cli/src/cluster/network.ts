/** How the members of a cluster are apart: each in a network namespace of its own, or by proxies alone. */
export type NetworkKind = 'namespaces' | 'loopback';
export const NETWORK_TEXTS: Readonly<Record<NetworkKind, string>> = {
  namespaces: 'each node has a network namespace of its own; links are its only way to the others',
  loopback: 'all nodes share the loopback of this machine',
};
export const NETWORK_CHOICES = ['auto', 'namespaces', 'loopback'] as const;
export type NetworkChoice = (typeof NETWORK_CHOICES)[number];

/** Where a member is in the network of its cluster. */
export interface Seat {
  /** The address on which it listens for peers. */
  readonly host: string;
  /** The address of the supervisor's side: there its proxies to the others listen. */
  readonly gateway: string;
  /** What its process is started through. */
  readonly through: readonly string[];
  close(): void;
}
