/** What one peer may cost, by its role. */
export interface RoleLimits {
  /** Frames that wait to be sent to it. */
  readonly queued_bytes_max: number;
  readonly queued_frames_max: number;
  /** Frames that came from it and wait for the application; above it no more is read. */
  readonly unread_bytes_max: number;
  readonly inbound_bytes_per_s: number;
  readonly inbound_frames_per_s: number;
  /** The longest wait between two attempts to reach it. */
  readonly backoff_ms_max: number;
}

/** Every limit of a network, and its default. */
export interface Limits {
  /** A block with its transactions is 4 MiB at most; the rest is what stands around it. */
  readonly frame_bytes_max: number;
  readonly announce_bytes_max: number;
  /** Frames are joined until there are so many bytes. */
  readonly coalesced_bytes: number;
  /** How long a frame waits for others; 0: for those of the same turn of the event loop only. */
  readonly coalesce_ms: number;
  /** Frames from so many bytes on are compressed where that makes them smaller. */
  readonly compress_bytes_min: number;
  readonly connections_max: number;
  readonly connections_per_address_max: number;
  /** Connections whose hello is under way. */
  readonly hellos_max: number;
  readonly hello_ms: number;
  readonly dial_ms: number;
  /** Streams of one peer: frames, gossip both ways, identification. */
  readonly streams_per_peer_max: number;
  readonly ping_ms: number;
  /** A peer of which nothing is heard for so long is taken for gone. */
  readonly silence_ms: number;
  readonly announced_frames_per_s: number;
  readonly routes_max: number;
  readonly ban_ms: number;
  /** In so much time half of what is held against a peer is forgotten. */
  readonly forgetting_ms: number;
  readonly queued_bytes_max: number;
  readonly validator: RoleLimits;
  readonly follower: RoleLimits;
}

const MiB = 1024 * 1024;

export const defaultLimits: Limits = {
  frame_bytes_max: 4 * MiB + 64 * 1024,
  announce_bytes_max: 64 * 1024,
  coalesced_bytes: 64 * 1024,
  coalesce_ms: 0,
  compress_bytes_min: 1024,
  connections_max: 512,
  connections_per_address_max: 128,
  hellos_max: 64,
  hello_ms: 5_000,
  dial_ms: 3_000,
  streams_per_peer_max: 8,
  ping_ms: 1_000,
  silence_ms: 5_000,
  announced_frames_per_s: 200,
  routes_max: 1_024,
  ban_ms: 600_000,
  forgetting_ms: 60_000,
  queued_bytes_max: 512 * MiB,
  validator: {
    queued_bytes_max: 64 * MiB,
    queued_frames_max: 16_384,
    unread_bytes_max: 8 * MiB,
    inbound_bytes_per_s: 32 * MiB,
    inbound_frames_per_s: 5_000,
    backoff_ms_max: 1_000,
  },
  follower: {
    queued_bytes_max: 8 * MiB,
    queued_frames_max: 1_024,
    unread_bytes_max: 5 * MiB,
    inbound_bytes_per_s: 4 * MiB,
    inbound_frames_per_s: 1_000,
    backoff_ms_max: 30_000,
  },
};
