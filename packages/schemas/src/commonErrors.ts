import type { ErrorCode } from './errors.ts';

/** Codes that every operation may answer with; an operation lists only what is its own. */
export const COMMON_ERRORS: readonly ErrorCode[] = [
  'QLOCK_AUTH_FAIL',
  'QONSENT_DENIED',
  'SQUID_IDENTITY_INVALID',
  'SIGNATURE_INVALID',
  'SERVICE_UNAVAILABLE',
  'RATE_LIMIT_EXCEEDED',
  'TIMEOUT_ERROR',
  'VERSION_CONFLICT',
  'VERSION_UNSUPPORTED',
  'INPUT_MALFORMED',
  'INPUT_INVALID',
  'INPUT_TOO_LARGE',
  'IDEMPOTENCY_KEY_REQUIRED',
  'CALL_IN_PROGRESS',
  'TIME_EXPIRED',
  'TIME_IN_FUTURE',
  'SESSION_EXPIRED',
  'GRANT_REVOKED',
  'GRANT_EXPIRED',
  'BUDGET_EXCEEDED',
  'QINDEX_NOT_FOUND',
  'LIMIT_EXCEEDED',
  'INTERNAL',
];
