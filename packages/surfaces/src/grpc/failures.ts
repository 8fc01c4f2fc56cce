import { errorEntry, failure, QError, type Failure } from '@anarq/common-schemas';
import { Code, ConnectError } from '@connectrpc/connect';
import { errorInfoMessage } from './wellKnown.ts';

/** The trailer that carries a whole failure, as JSON in UTF-8. */
const FAILURE_TRAILER = 'q-failure-bin';
const DOMAIN = 'q-infinity';

const CODES: Readonly<Record<string, Code>> = {
  CANCELLED: Code.Canceled,
  INVALID_ARGUMENT: Code.InvalidArgument,
  DEADLINE_EXCEEDED: Code.DeadlineExceeded,
  NOT_FOUND: Code.NotFound,
  ALREADY_EXISTS: Code.AlreadyExists,
  PERMISSION_DENIED: Code.PermissionDenied,
  RESOURCE_EXHAUSTED: Code.ResourceExhausted,
  FAILED_PRECONDITION: Code.FailedPrecondition,
  ABORTED: Code.Aborted,
  OUT_OF_RANGE: Code.OutOfRange,
  UNIMPLEMENTED: Code.Unimplemented,
  INTERNAL: Code.Internal,
  UNAVAILABLE: Code.Unavailable,
  DATA_LOSS: Code.DataLoss,
  UNAUTHENTICATED: Code.Unauthenticated,
};

/**
 * A failure as a status of gRPC: the code of the error table's row, google.rpc.ErrorInfo for clients
 * that know nothing of us, and the whole failure in a trailer for those that do.
 */
export function statusOf(failed: Failure): ConnectError {
  const json = JSON.stringify(failed);
  return new ConnectError(
    failed.message,
    CODES[errorEntry(failed.code).grpc] ?? Code.Unknown,
    { [FAILURE_TRAILER]: Buffer.from(json).toString('base64').replaceAll('=', '') },
    [
      {
        desc: errorInfoMessage,
        value: {
          reason: failed.code,
          domain: DOMAIN,
          metadata: { requestId: failed.requestId, retryable: String(failed.retryable) },
        },
      },
    ],
  );
}

/** What was thrown on the way to a call, as a status; a defect says nothing of itself. */
export function statusOfError(
  error: unknown,
  requestId: string,
  report: ((error: unknown, requestId: string) => void) | undefined,
): ConnectError {
  if (error instanceof ConnectError) return error;
  const call = { requestId, now_ms: Date.now() };
  if (error instanceof QError)
    return statusOf(failure(error.code, call, error.message, error.details));
  report?.(error, requestId);
  return statusOf(failure('INTERNAL', call));
}
