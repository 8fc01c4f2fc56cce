export interface OperationLimits {
  /** Calls a minute of one identity; bursts to a tenth of it, at least 10. */
  readonly perMinute: number;
  readonly bodyBytes: number;
  readonly timeout_ms: number;
}

export interface OperationSlo {
  readonly latency_ms_p50: number;
  readonly latency_ms_p95: number;
  readonly latency_ms_p99: number;
}

/** What holds where a contract says nothing. */
export const DEFAULT_LIMITS: OperationLimits = {
  perMinute: 6_000,
  bodyBytes: 262_144,
  timeout_ms: 30_000,
};
export const DEFAULT_SLO = {
  query: { latency_ms_p50: 50, latency_ms_p95: 150, latency_ms_p99: 200 },
  command: { latency_ms_p50: 150, latency_ms_p95: 200, latency_ms_p99: 500 },
  process: { latency_ms_p50: 200, latency_ms_p95: 500, latency_ms_p99: 1_000 },
} as const;
