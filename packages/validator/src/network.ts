/** What a driver found out about a peer. */
export type Offence = 'malformed' | 'badSignature' | 'misbehaviour';

/** How frames came: from the peer itself, or spread by others. */
export type Via = 'stream' | 'gossip';

export interface PeerStatus {
  /** In hex. */
  readonly publicKey: string;
  readonly address: string;
  readonly role: 'validator' | 'follower';
  readonly score: number;
  readonly bannedUntil_ms?: number;
  readonly queued_bytes: number;
  readonly sent_bytes: number;
  readonly received_bytes: number;
  readonly rtt_ms?: number;
}

/**
 * How a validator reaches the others. Whoever implements it has made sure that a peer holds the key that it is
 * named by; what it says is not believed for that.
 */
export interface PeerNetwork {
  /** Own ML-DSA-65 public key, in hex: how peers are named everywhere. */
  readonly publicKey: string;
  connected(): readonly string[];
  /** Never waits. False: not connected, or its queue is full and the frame was dropped (callers repeat). */
  send(to: string, frame: Uint8Array): boolean;
  /** To everybody who listens, followers too; small frames only (at most 64 KiB), unordered, may be lost. */
  announce(frame: Uint8Array): void;
  onFrame(listener: (from: string, frame: Uint8Array, via: Via) => void): void;
  /** What the driver found out about a peer; lowers its score; enough of it bans the peer for a time. */
  report(peer: string, offence: Offence): void;
  /** Which keys may be validators now; others are followers, with smaller limits. Changes with epochs. */
  setValidators(publicKeys: readonly string[]): void;
  peers(): readonly PeerStatus[];
  close(): Promise<void>;
}

/** Bytes of an announcement. */
export const ANNOUNCEMENT_BYTES_MAX = 1 << 16;
