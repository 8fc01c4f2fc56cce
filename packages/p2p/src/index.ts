/**
 * @anarq/p2p: validators and followers of one chain, over libp2p. TCP and TLS with hybrid key
 * agreement, peers named by their ML-DSA-65 keys, frames on direct streams, announcements by gossip.
 */
export { defaultLimits } from './limits.ts';
export type { Limits, RoleLimits } from './limits.ts';
export { startPeerNetwork } from './start.ts';
export type {
  Offence,
  OwnPeerNetwork,
  Peer,
  PeerNetwork,
  PeerNetworkOptions,
  PeerStatus,
} from './types.ts';
