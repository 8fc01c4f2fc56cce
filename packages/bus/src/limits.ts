/** The limits of the bus. Times are milliseconds. */

/** Events that a subscription reads at once. */
export const BATCH_ROWS_MAX = 100;
/** Numbers of the outbox that one query walks over in search of matching events. */
export const WINDOW_ROWS_MAX = 10_000;
/** Windows that one page of `read` walks over; the page may end early, with a cursor to go on. */
export const WINDOWS_A_PAGE_MAX = 20;
/** Events of one page of `read`, and dead letters of one answer of `dead`. */
export const PAGE_ROWS_MAX = 200;
/** Rows that one look for new events takes. */
export const SCAN_ROWS_MAX = 1_000;
/** Events that one commit of `prune` deletes. */
export const PRUNE_ROWS_MAX = 1_000;
/** Subscriptions of one bus. */
export const SUBSCRIPTIONS_MAX = 1_000;
/** Readers that follow one bus at a time. */
export const FOLLOWERS_MAX = 2_000;
/** Events and their bytes that are kept in memory for those who follow. */
export const TAIL_ROWS_MAX = 2_000;
export const TAIL_BYTES_MAX = 8_388_608;
/** Topics and patterns of one subscription or query. */
export const TOPICS_MAX = 100;
/** Characters of a topic or pattern. */
export const TOPIC_CHARS_MAX = 200;
/** Characters of the reason kept with a dead letter. */
export const REASON_CHARS_MAX = 1_000;

/** The limits that a caller may set; a test sets them low. */
export interface BusLimits {
  /** Failures after which an event becomes a dead letter. */
  readonly attempts_max: number;
  /** Wait after the first failure; doubles with each further one. */
  readonly retry_min_ms: number;
  /** Longest wait between two attempts. */
  readonly retry_max_ms: number;
  /** How long one call of a handler may take before it counts as failed. */
  readonly handler_timeout_ms: number;
  /** How often the bus looks for events that nobody announced with `wake`. */
  readonly safety_ms: number;
}

/** What applies where the caller says nothing. */
export const defaultLimits: BusLimits = {
  attempts_max: 10,
  retry_min_ms: 100,
  retry_max_ms: 10_000,
  handler_timeout_ms: 30_000,
  safety_ms: 5_000,
};
