import type { Limits } from './limits.ts';

/** How a frame came: on the direct stream of a peer, or passed on by one. */
export type Way = 'stream' | 'gossip';

/** What an application finds wrong with a peer. */
export type Offence = 'malformed' | 'badSignature' | 'misbehaviour';

/** What is known about a peer now. */
export interface PeerStatus {
  /** Its ML-DSA-65 public key, in hex. */
  readonly publicKey: string;
  /** Where it was dialled, or where it came from: a multiaddr. */
  readonly address: string;
  readonly role: 'validator' | 'follower';
  readonly connected: boolean;
  /** 0 where nothing is known against it; -100 bans a follower, and slows a validator down. */
  readonly score: number;
  readonly bannedUntil_ms?: number;
  readonly queued_bytes: number;
  readonly sent_bytes: number;
  readonly received_bytes: number;
  readonly rtt_ms?: number;
}

/** A peer by its key and where it is dialled: a multiaddr (`/ip4/127.0.0.1/tcp/4001`) or `host:port`. */
export interface Peer {
  readonly publicKey: string;
  readonly address: string;
}

/** The network as an application sees it. Peers are named by their ML-DSA-65 public keys in hex. */
export interface PeerNetwork {
  readonly publicKey: string;
  connected(): readonly string[];
  /** Never waits. False: not connected, or its queue is full and the frame was dropped. */
  send(to: string, frame: Uint8Array): boolean;
  /** To everybody who listens, followers too: 64 KiB at most, in no order, and it may be lost. */
  announce(frame: Uint8Array): void;
  onFrame(listener: (from: string, frame: Uint8Array, via: Way) => void): void;
  /** What was found out about a peer; lowers its score. */
  report(peer: string, offence: Offence): void;
  /** Which keys may be validators now; others are followers, with smaller limits. */
  setValidators(publicKeys: readonly string[]): void;
  peers(): readonly PeerStatus[];
  close(): Promise<void>;
}

/** A network of one's own: peers come and go. */
export interface OwnPeerNetwork extends PeerNetwork {
  /** Where it listens: a multiaddr. */
  readonly address: string;
  /** Dials this peer from now on, whenever it is not connected. */
  addPeer(peer: Peer): void;
  /** Dials it no longer, and parts from it. */
  removePeer(publicKey: string): void;
}

export interface PeerNetworkOptions {
  /** Seed of the ML-DSA-65 key: 32 bytes. */
  readonly seed: Uint8Array;
  /** The chain, in hex: peers of another one are refused. */
  readonly chainId: string;
  /** Where to listen: a multiaddr or `host:port`; port 0 takes a free one. */
  readonly listen: string;
  readonly peers: readonly Peer[];
  readonly limits?: Partial<Limits>;
  /** Where others reach this peer, if that is not where it listens. */
  readonly publicAddress?: string;
  /** Whether an announced frame is worth passing on; garbage is not spread. Default: all is. */
  readonly mayAnnounce?: (frame: Uint8Array) => boolean;
  /** Whether validators that others name are dialled, too. Default: yes. */
  readonly discover?: boolean;
  /** Milliseconds since 1970; what bans and scores go by. */
  readonly now_ms?: () => number;
  /** From 0 to below 1: spreads repeated dials. */
  readonly random?: () => number;
}
