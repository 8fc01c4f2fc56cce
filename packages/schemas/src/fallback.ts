import type { ErrorCode } from './errors.ts';

/**
 * What a caller gets while the module of an operation runs in another process of the node and that
 * cannot be asked. Where nothing is said, the call is refused.
 */
export type FallbackSpec =
  /** The last good answer to the same question of the same caller, marked as stale. */
  | { readonly strategy: 'CACHE'; readonly age_ms: number }
  /** The call is kept, and made when the other process is back; the caller gets a job. */
  | { readonly strategy: 'QUEUE'; readonly within_ms: number };

export type Fallback = FallbackSpec | { readonly strategy: 'REJECT' };

/** The fallback of an operation, and the errors that it answers with on that account too. */
export const fallbackOf = ({
  fallback = { strategy: 'REJECT' },
  errors = [],
}: {
  readonly fallback?: Fallback;
  readonly errors?: readonly ErrorCode[];
}): { readonly fallback: Fallback; readonly errors: readonly ErrorCode[] } => ({
  fallback,
  errors: fallback.strategy === 'QUEUE' ? [...errors, 'CALL_QUEUED'] : errors,
});

/** A stale answer is at most so old; a kept call waits at most so long. */
const AGE_MAX_MS = 15 * 60_000;
/** Half of the time for which an idempotency key is remembered, wherever the call was tried first. */
const WITHIN_MAX_MS = 12 * 3_600_000;
const MIN_MS = 1_000;

/** What is wrong with the fallback of an operation, a sentence each. */
export function fallbackProblems(op: {
  readonly fallback: Fallback;
  readonly kind: string;
  readonly access: string;
  readonly personal: boolean;
  readonly authorises: unknown;
}): string[] {
  const { fallback } = op;
  switch (fallback.strategy) {
    case 'REJECT':
      return [];
    case 'CACHE':
      return [
        ...(op.kind === 'query' ? [] : ['only a query has stale answers']),
        ...(op.personal ? ['a read that is recorded is not answered from memory'] : []),
        ...within('age_ms', fallback.age_ms, AGE_MAX_MS),
      ];
    case 'QUEUE':
      return [
        ...(op.kind === 'command' ? [] : ['only a command is kept for later']),
        ...(op.access === 'public' ? ['what anybody may call is not kept for later'] : []),
        ...(op.authorises === undefined ? [] : ['what spends is decided now, or not at all']),
        ...within('within_ms', fallback.within_ms, WITHIN_MAX_MS),
      ];
  }
}

const within = (name: string, value: number, max: number): string[] =>
  Number.isSafeInteger(value) && value >= MIN_MS && value <= max
    ? []
    : [`${name} is a whole number of ${MIN_MS} to ${max}`];
