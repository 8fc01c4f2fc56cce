/** What a group of batches needs on either database. */

import { StoreError, toWire, type WireError } from './errors.ts';
import type { StatementResult } from './types.ts';

/** What became of one batch. */
export type Outcome =
  | { readonly results: readonly StatementResult[] }
  | { readonly error: WireError };

/** The same failure for each of the batches. */
export function refuse(batches: readonly unknown[], error: StoreError): readonly Outcome[] {
  const wire = toWire(error);
  return batches.map(() => ({ error: wire }));
}

/** @throws StoreError `CONFLICT` where a statement did not do as often as was expected. */
export function expectCount(
  of: 'changes' | 'rows',
  expected: number | undefined,
  actual: number,
): void {
  if (expected === undefined || expected === actual) return;
  const message = `expected ${expected} ${of}, there were ${actual}`;
  throw new StoreError('CONFLICT', message, { of, expected, actual });
}
