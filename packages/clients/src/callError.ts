import { failure, QError, type ErrorCode, type Failure } from '@anarq/common-schemas';

/** A call that did not succeed: the failure that the node answered with, as an error. */
export class CallError extends QError {
  readonly requestId: string;
  readonly failure: Failure;

  constructor(failed: Failure, options?: ErrorOptions) {
    super(failed.code, failed.message, failed.details, options);
    this.failure = failed;
    this.requestId = failed.requestId;
  }

  /** Whether the same call, sent again, may succeed; as the node said. */
  override get retryable(): boolean {
    return this.failure.retryable;
  }
}

/** A failure found on this side, before or instead of an answer. */
export const localFailure = (
  code: ErrorCode,
  message?: string,
  details?: Readonly<Record<string, unknown>>,
): Failure => failure(code, { requestId: 'local', now_ms: Date.now() }, message, details);
