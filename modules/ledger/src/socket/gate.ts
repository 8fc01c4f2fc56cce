import type { LedgerState } from '@anarq/ledger-engine';

/** What a connection may do, decided when it opens. */
export interface Admission {
  /**
   * Looks at a batch in the moment before it is applied, on the books as they stand then.
   * @returns why it is refused as a whole; undefined where it may go on
   */
  check(
    kind: 'accounts' | 'transfers',
    records: Uint8Array,
    state: LedgerState,
  ): string | undefined;
  /** 32 bytes that are kept in the log with each batch: which call brought it. */
  readonly cause?: Uint8Array | undefined;
}

/** Decides who may open a connection. @returns undefined for whoever may not */
export type Gate = (
  credentials: Readonly<Record<string, unknown>>,
) => Promise<Admission | undefined> | Admission | undefined;
