import type { ErrorCode } from './errors.ts';
import { errorEntry } from './errors.ts';

/** Headers of a call on HTTP; the other surfaces carry the same fields under the same names. */
export const HEADERS = {
  identity: 'x-squid-id',
  subIdentity: 'x-subid',
  consent: 'x-qonsent',
  signature: 'x-sig',
  timestamp: 'x-ts',
  apiVersion: 'x-api-version',
  /** The identity or organisation on whose behalf the caller acts, where it is not the caller. */
  subject: 'x-subject',
  idempotencyKey: 'idempotency-key',
  requestId: 'x-request-id',
  replayed: 'idempotent-replayed',
  /** The trace that a call is part of, as W3C Trace Context writes it. */
  traceparent: 'traceparent',
} as const;

/** The version of this interface, sent and answered as `x-api-version`. */
export const API_VERSION = 'v1';

/** What a call that succeeded answers with. */
export interface Success<T> {
  readonly status: 'ok';
  readonly code: 'SUCCESS';
  readonly message: string;
  readonly data: T;
  /** CID of the sealed record of this call in the transparency log; absent for unrecorded reads. */
  readonly cid?: string;
  /** The answer of an earlier call with the same idempotency key; nothing was done again. */
  readonly replayed?: true;
  /** The module cannot be reached: this is what it last answered to the same question. */
  readonly stale?: Stale;
}

/** When a stale answer was given. */
export interface Stale {
  /** RFC 3339, UTC. */
  readonly since: string;
  readonly age_ms: number;
}

/** What a call that did not succeed answers with. */
export interface Failure {
  readonly status: 'error';
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
  /** RFC 3339, UTC. */
  readonly timestamp: string;
  readonly requestId: string;
  readonly retryable: boolean;
  readonly suggestedActions: readonly string[];
  readonly cid?: string;
  readonly replayed?: true;
}

export type Result<T> = Success<T> | Failure;

/** Builds the failure of a code, with the retry rule and advice of the error table. */
export function failure(
  code: ErrorCode,
  call: { readonly requestId: string; readonly now_ms: number },
  message?: string,
  details?: Readonly<Record<string, unknown>>,
): Failure {
  const entry = errorEntry(code);
  return {
    status: 'error',
    code,
    message: message ?? entry.message,
    ...(details === undefined ? {} : { details }),
    timestamp: new Date(call.now_ms).toISOString(),
    requestId: call.requestId,
    retryable: entry.retryable,
    suggestedActions: entry.actions,
  };
}

/** Why a call was allowed or refused; the same object in answers, records, CLI and console. */
export interface Why {
  /** CID of the deciding grant; absent where ownership or publicness decided. */
  readonly grant?: string;
  /** The rule that decided, in plain words. */
  readonly rule: string;
  /** The limit that decided, where one did. */
  readonly limit?: Readonly<Record<string, string>>;
  /** DID of who may change it. */
  readonly changeableBy?: string;
  /** The CIDs of the whole chain, leaf first. */
  readonly chain?: readonly string[];
}
