import type { PeerNetwork } from '@anarq/validator';

/** The network of a chain that one node is: nobody to speak to. */
export const loneNetwork = (publicKey: string): PeerNetwork => ({
  publicKey,
  connected: () => [],
  send: () => false,
  announce: () => undefined,
  onFrame: () => undefined,
  report: () => undefined,
  setValidators: () => undefined,
  peers: () => [],
  close: () => Promise.resolve(),
});
