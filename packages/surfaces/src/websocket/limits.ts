/** The limits of one WebSocket connection. Times are milliseconds. */
export interface SocketLimits {
  /** Calls that are under way at a time. */
  readonly inFlight_max: number;
  readonly subscriptions_max: number;
  /** Bytes that wait to be sent; calls are not taken beyond. */
  readonly buffer_bytes_max: number;
  /** Messages within a second. */
  readonly messagesPerSecond_max: number;
  readonly heartbeat_ms: number;
  /** How long the other side may take nothing before the connection is cut. */
  readonly stall_ms: number;
  /** Connections of one network address, and of all. */
  readonly ofOnePeer_max: number;
  readonly connections_max: number;
}

export const SOCKET_LIMITS: SocketLimits = {
  inFlight_max: 64,
  subscriptions_max: 16,
  buffer_bytes_max: 4_194_304,
  messagesPerSecond_max: 600,
  heartbeat_ms: 15_000,
  stall_ms: 30_000,
  ofOnePeer_max: 64,
  connections_max: 1_000,
};

/** Bytes of a message of somebody who shows no credential, and what stands around an input. */
export const ANONYMOUS_BYTES_MAX = 65_536;
export const ENVELOPE_BYTES_MAX = 65_536;
