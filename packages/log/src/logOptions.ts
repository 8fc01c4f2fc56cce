import type { LogKeys, Sealer } from '@anarq/crypto';
import type { Store } from '@anarq/store';

/** What a log is opened with. */
export interface LogOptions {
  readonly store: Store;
  readonly sealer: Sealer;
  /** Name of the log and of its keys, a URL without scheme such as `node.example/log`. */
  readonly origin: string;
  /** The log may have had this name before, or one below it: that of the copy it was restored from. */
  readonly continues?: string;
  /** Ed25519, which existing tools verify, and ML-DSA-44 for the time after. */
  readonly keys: LogKeys;
  /** The keys it was signed with before, the newest last: they hand over what they signed. */
  readonly keysBefore?: readonly LogKeys[];
  /** Milliseconds since 1970. */
  readonly now_ms: () => number;
  /** Told when an integration in the background failed; it is tried again after a second. */
  readonly onError?: (error: unknown) => void;
}
