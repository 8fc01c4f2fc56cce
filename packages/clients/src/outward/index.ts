/** Patient calls to others; apart, because whoever calls one node does not load it. */
export { Outward, type OutwardLimits, type TargetState } from './outward.ts';
export { PeerLink } from './peerLink.ts';
