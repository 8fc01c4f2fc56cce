/** One thing that q doctor looked at. */
export interface Finding {
  readonly check: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly found: string;
  /** What to do; only where something is to do. */
  readonly fix?: string;
  /** Does it, where that can harm nothing; for --fix. */
  readonly repair?: () => Promise<void>;
}
