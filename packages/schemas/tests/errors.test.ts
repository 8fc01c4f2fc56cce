import { describe, expect, it } from 'vitest';
import {
  COMMON_ERRORS,
  errorCodes,
  errorEntry,
  errorTable,
  fail,
  failure,
  isErrorCode,
  QError,
  t,
} from '../src/index.ts';
import { compileValidator } from '../src/validator.ts';

/** The codes of the module specification, as it writes them. */
const SPECIFIED = [
  'QLOCK_AUTH_FAIL',
  'QONSENT_DENIED',
  'SQUID_IDENTITY_INVALID',
  'QINDEX_NOT_FOUND',
  'QDRIVE_STORAGE_FULL',
  'IPFS_UNAVAILABLE',
  'QERB_SUSPECT',
  'QMASK_POLICY_VIOLATION',
  'SIGNATURE_INVALID',
  'SERVICE_UNAVAILABLE',
  'RATE_LIMIT_EXCEEDED',
  'TIMEOUT_ERROR',
  'INSUFFICIENT_FUNDS',
  'DEPENDENCY_MISSING',
  'VERSION_CONFLICT',
] as const;

/** https://grpc.io/docs/guides/status-codes/, without OK. */
const GRPC = new Set(
  'CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED'.split(
    ' ',
  ),
);

/** Statuses of RFC 9110, and 424 and 507 of RFC 4918, 429 of RFC 6585. */
const HTTP = new Set([
  202, 431, 408, 400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 412, 413, 415, 416, 422, 424,
  429, 500, 501, 503, 504, 507,
]);

describe('the table of errors', () => {
  it.each(SPECIFIED)('has %s of the module specification', (code) => {
    expect(errorTable).toHaveProperty(code);
  });

  it.each(errorCodes)('maps %s to HTTP and gRPC, and says what to do', (code) => {
    const entry = errorEntry(code);
    expect(code).toMatch(/^[A-Z][A-Z0-9_]*$/);
    expect(HTTP).toContain(entry.http);
    expect(GRPC).toContain(entry.grpc);
    expect(entry.message).toMatch(/^[A-Z].*\.$/);
    expect(entry.actions.length).toBeGreaterThan(0);
    for (const action of entry.actions) expect(action).toMatch(/^[A-Z].*\.$/);
  });

  it('holds every error that any operation may answer with', () => {
    for (const code of COMMON_ERRORS) expect(isErrorCode(code)).toBe(true);
    expect(new Set(COMMON_ERRORS).size).toBe(COMMON_ERRORS.length);
  });

  it('knows its codes, and not the names that every object has', () => {
    expect(isErrorCode('INTERNAL')).toBe(true);
    for (const other of ['internal', 'constructor', '__proto__', '', 5, null, undefined])
      expect(isErrorCode(other)).toBe(false);
  });
});

describe('an error', () => {
  it('carries code, details and whether a retry can help', () => {
    const thrown = ((): unknown => {
      try {
        return fail('TIMEOUT_ERROR', 'Too slow.', { limit: 'x' });
      } catch (error) {
        return error;
      }
    })();
    expect(thrown).toBeInstanceOf(QError);
    expect(thrown).toMatchObject({
      code: 'TIMEOUT_ERROR',
      message: 'Too slow.',
      details: { limit: 'x' },
      retryable: true,
    });
    expect(new QError('INTERNAL').message).toBe(errorTable.INTERNAL.message);
  });

  it('becomes an envelope with the advice of the table and the time of the call', () => {
    const call = { requestId: 'r1', now_ms: Date.UTC(2026, 0, 2, 3, 4, 5, 678) };
    expect(failure('QONSENT_DENIED', call)).toEqual({
      status: 'error',
      code: 'QONSENT_DENIED',
      message: errorTable.QONSENT_DENIED.message,
      timestamp: '2026-01-02T03:04:05.678Z',
      requestId: 'r1',
      retryable: false,
      suggestedActions: errorTable.QONSENT_DENIED.actions,
    });
    const detailed = failure('LIMIT_EXCEEDED', call, 'Full.', { limit: 'queue' });
    expect(detailed).toMatchObject({ message: 'Full.', details: { limit: 'queue' } });
    expect(compileValidator(t.instant()).check(detailed.timestamp)).toBe(true);
  });
});

describe('an error of another copy of the table', () => {
  it('is one of the table here, and nothing else is', async () => {
    const copy = '../src/errors.ts?another=copy';
    const other = (await import(copy)) as { QError: typeof QError };
    expect(other.QError).not.toBe(QError);
    const error = new other.QError('INPUT_INVALID', 'from elsewhere');
    expect(error).toBeInstanceOf(QError);
    expect(error.retryable).toBe(false);
    class Special extends QError {}
    expect(new Special('INPUT_INVALID')).toBeInstanceOf(QError);
    for (const every of [error, new QError('INPUT_INVALID')])
      expect(every).not.toBeInstanceOf(Special);
    for (const none of [new Error('INPUT_INVALID'), { code: 'INPUT_INVALID' }, null, 'x'])
      expect(none).not.toBeInstanceOf(QError);
  });
});
