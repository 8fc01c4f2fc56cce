/**
 * The one table of errors. Every refusal on every surface carries a code of this table, and from
 * the code follow its HTTP status, its gRPC status, whether a retry can help, and what to do.
 *
 * The first block holds the codes of the module specification as they are written there; the second
 * the ones that the kernel needs beside them.
 */
export interface ErrorEntry {
  /** HTTP status, RFC 9110. */
  readonly http: number;
  /** gRPC status name. */
  readonly grpc: string;
  /** The same call, sent again unchanged, may succeed. */
  readonly retryable: boolean;
  /** Default sentence; a call's own message says more. */
  readonly message: string;
  /** What the caller can do. */
  readonly actions: readonly string[];
}

const entry = (
  http: number,
  grpc: string,
  retryable: boolean,
  message: string,
  ...actions: string[]
): ErrorEntry => ({ http, grpc, retryable, message, actions });

export const errorTable = {
  // Authentication and authorisation
  QLOCK_AUTH_FAIL: entry(
    401,
    'UNAUTHENTICATED',
    false,
    'The call does not prove who sends it.',
    'Send an agent token (Authorization: Bearer …), a session (x-sig: s1.…) or a full signature (x-sig: v1.…).',
  ),
  QONSENT_DENIED: entry(
    403,
    'PERMISSION_DENIED',
    false,
    'No grant allows this.',
    'Read details.why: it names the grant, the rule and who may change it.',
    'Ask the owner named there for a grant that covers this operation and resource.',
  ),
  SQUID_IDENTITY_INVALID: entry(
    401,
    'UNAUTHENTICATED',
    false,
    'The identity is unknown here, or not in force.',
    'Check x-squid-id and x-subid; create the identity with squid.create.',
  ),
  // Data and storage
  QINDEX_NOT_FOUND: entry(
    404,
    'NOT_FOUND',
    false,
    'There is no such record.',
    'Check the id; list what you may see with the list operation of the module.',
  ),
  QDRIVE_STORAGE_FULL: entry(
    507,
    'RESOURCE_EXHAUSTED',
    true,
    'There is no room left for this content.',
    'Free disk space on the node, or delete files, then send the same part again.',
  ),
  IPFS_UNAVAILABLE: entry(
    503,
    'UNAVAILABLE',
    true,
    'The content store cannot be reached.',
    'Try again; if it stays so, run q doctor on the node.',
  ),
  // Security and privacy
  QERB_SUSPECT: entry(
    403,
    'PERMISSION_DENIED',
    false,
    'The call was stopped because it looks like an attack.',
    'Ask the operator to look at the record in details.',
  ),
  QMASK_POLICY_VIOLATION: entry(
    403,
    'PERMISSION_DENIED',
    false,
    'The privacy profile does not allow this.',
    'Ask for less, or under a profile that allows it.',
  ),
  SIGNATURE_INVALID: entry(
    401,
    'UNAUTHENTICATED',
    false,
    'The signature does not belong to this call.',
    'Sign exactly this node, operation, version, time, idempotency key and input with the keys of x-squid-id.',
  ),
  // Network and services
  SERVICE_UNAVAILABLE: entry(
    503,
    'UNAVAILABLE',
    true,
    'The node cannot serve this now.',
    'Try again after retryAfter_ms, with the same idempotency key.',
  ),
  RATE_LIMIT_EXCEEDED: entry(
    429,
    'RESOURCE_EXHAUSTED',
    true,
    'Too many calls.',
    'Wait details.retryAfter_ms, then try again with the same idempotency key.',
  ),
  TIMEOUT_ERROR: entry(
    504,
    'DEADLINE_EXCEEDED',
    true,
    'The call did not end in time; its outcome is recorded under its idempotency key.',
    'Ask again with the same idempotency key.',
  ),
  // Business logic
  INSUFFICIENT_FUNDS: entry(
    402,
    'FAILED_PRECONDITION',
    false,
    'The account does not hold enough.',
    'Add funds to the account named in details, or ask for less.',
  ),
  DEPENDENCY_MISSING: entry(
    424,
    'FAILED_PRECONDITION',
    false,
    'A module that this operation uses is not running here.',
    'Start the node with the module named in details.',
  ),
  VERSION_CONFLICT: entry(
    409,
    'ABORTED',
    false,
    'What you build on has changed, or this idempotency key belongs to another input.',
    'Read the current version and decide again; use a new idempotency key for a new intent.',
  ),

  // Shape of the call
  INPUT_MALFORMED: entry(
    400,
    'INVALID_ARGUMENT',
    false,
    'The body is not well-formed JSON.',
    'Send one JSON object in UTF-8.',
  ),
  INPUT_INVALID: entry(
    422,
    'INVALID_ARGUMENT',
    false,
    'The input does not match the contract.',
    'Compare details.violations with the schema of the operation (--help, OpenAPI or tools/list).',
  ),
  INPUT_TOO_LARGE: entry(
    413,
    'RESOURCE_EXHAUSTED',
    false,
    'The body is larger than this operation takes.',
    'Send less; content goes through an upload ticket, never inside a call.',
  ),
  HEADERS_TOO_LARGE: entry(
    431,
    'RESOURCE_EXHAUSTED',
    false,
    'The headers are larger than 32 KiB.',
    'Send fewer or shorter headers; a hybrid signature needs 4.5 kB of them.',
  ),
  REQUEST_TIMEOUT: entry(
    408,
    'DEADLINE_EXCEEDED',
    true,
    'The request did not arrive in time.',
    'Send it again, with the same idempotency key.',
  ),
  HOST_REFUSED: entry(
    403,
    'PERMISSION_DENIED',
    false,
    'The request was meant for another host, or comes from a page of another origin.',
    'Call the node under the address that it listens on; start it with the host name it is to have.',
  ),
  OPERATION_UNKNOWN: entry(
    404,
    'UNIMPLEMENTED',
    false,
    'There is no such operation.',
    'List what works here with q modules, /openapi.json or tools/list.',
  ),
  METHOD_NOT_ALLOWED: entry(
    405,
    'UNIMPLEMENTED',
    false,
    'The path exists, but not with this method.',
    'Use the method named in the Allow header.',
  ),
  VERSION_UNSUPPORTED: entry(
    406,
    'FAILED_PRECONDITION',
    false,
    'This node does not speak the version asked for.',
    'Ask for a version within details.supported.',
  ),
  IDEMPOTENCY_KEY_REQUIRED: entry(
    400,
    'INVALID_ARGUMENT',
    false,
    'A write needs an idempotency key, so that a retry never acts twice.',
    'Send Idempotency-Key with a fresh UUID for each intent, and the same one for each retry.',
  ),
  CALL_IN_PROGRESS: entry(
    409,
    'ABORTED',
    true,
    'A call with this idempotency key is still under way.',
    'Ask again with the same key after details.retryAfter_ms.',
  ),
  CALL_QUEUED: entry(
    202,
    'ABORTED',
    false,
    'The module cannot be reached now; the call is kept, and is made once it is back.',
    'Ask node.job for details.jobId; or send the call again under the same idempotency key later.',
  ),
  // Time
  TIME_EXPIRED: entry(
    401,
    'UNAUTHENTICATED',
    false,
    'The time of the call is too far in the past.',
    'Sign again with the current time; details.serverTime is the time here.',
  ),
  TIME_IN_FUTURE: entry(
    401,
    'UNAUTHENTICATED',
    false,
    'The time of the call lies in the future.',
    'Set the clock of the sender; details.serverTime is the time here.',
  ),
  SESSION_EXPIRED: entry(
    401,
    'UNAUTHENTICATED',
    false,
    'The session has ended.',
    'Open a new session with squid.openSession.',
  ),
  // Grants
  GRANT_MALFORMED: entry(
    422,
    'INVALID_ARGUMENT',
    false,
    'The grant is not a well-formed UCAN 1.0-rc.1 delegation.',
    'Build it with the client library, or compare with the UCAN specification.',
  ),
  GRANT_REVOKED: entry(
    403,
    'PERMISSION_DENIED',
    false,
    'The grant was revoked.',
    'Ask its issuer, named in details.why, for a new one.',
  ),
  GRANT_EXPIRED: entry(
    403,
    'PERMISSION_DENIED',
    false,
    'The grant is no longer, or not yet, in force.',
    'Ask its issuer, named in details.why, for a new one.',
  ),
  GRANT_OVER_BROAD: entry(
    403,
    'PERMISSION_DENIED',
    false,
    'A delegation gives more than its giver holds.',
    'Narrow command, policy, time and budget to those of the parent.',
  ),
  GRANT_CHAIN_BROKEN: entry(
    403,
    'PERMISSION_DENIED',
    false,
    'The chain of delegations does not lead from the subject to the caller.',
    'Send every link, leaf first; each audience must be the issuer of the next.',
  ),
  GRANT_CYCLIC: entry(
    403,
    'PERMISSION_DENIED',
    false,
    'The chain of delegations runs in a circle.',
    'Delegate along a line that visits nobody twice.',
  ),
  BUDGET_EXCEEDED: entry(
    403,
    'FAILED_PRECONDITION',
    false,
    'The call would spend more than a grant allows.',
    'Read details.why: it names the grant, its limit and what is left; ask its issuer for more.',
  ),
  // Processes and steps
  PROCESS_DIVERGED: entry(
    500,
    'INTERNAL',
    false,
    'A process asked for something else than before it was interrupted.',
    'Tell the operator; the process is parked and nothing more is done.',
  ),
  NEEDS_ATTENTION: entry(
    500,
    'INTERNAL',
    false,
    'The process cannot go on by itself; it waits for a person.',
    'Tell the operator the process named in details: ./q processes show ID.',
  ),
  CANCELLED: entry(
    409,
    'CANCELLED',
    false,
    'The work was stopped before its end; what it had done was undone.',
    'Start it again, under a new idempotency key, if it is wanted after all.',
  ),
  DEADLINE_EXCEEDED: entry(
    504,
    'DEADLINE_EXCEEDED',
    false,
    'The work did not end by its deadline; what it had done was undone.',
    'Start it again with less to do, or where more time is allowed.',
  ),
  // Content
  CONTENT_DIGEST_MISMATCH: entry(
    422,
    'DATA_LOSS',
    false,
    'The bytes that arrived are not the ones announced.',
    'Send the part again; compare length and SHA-256 on your side.',
  ),
  UPLOAD_INCOMPLETE: entry(
    409,
    'FAILED_PRECONDITION',
    true,
    'Parts of the upload are missing.',
    'Send the parts named in details.missing, then complete again.',
  ),
  TICKET_INVALID: entry(
    403,
    'PERMISSION_DENIED',
    false,
    'The ticket is not valid for this transfer, or no longer.',
    'Ask for a new ticket with the operation that gave this one.',
  ),
  RANGE_NOT_SATISFIABLE: entry(
    416,
    'OUT_OF_RANGE',
    false,
    'The range lies outside the content.',
    'Ask for a range below the length in Content-Range.',
  ),
  FILE_NAME_REFUSED: entry(
    422,
    'INVALID_ARGUMENT',
    false,
    'The file name is not acceptable.',
    'Use a plain name without separators, control characters or a reserved word.',
  ),
  // Keys and locks
  DECRYPTION_FAILED: entry(
    422,
    'INVALID_ARGUMENT',
    false,
    'The ciphertext does not open with this key and these associated data.',
    'Check key, associated data, and that the ciphertext is complete.',
  ),
  LOCK_HELD: entry(
    409,
    'ABORTED',
    true,
    'Somebody else holds the lock.',
    'Try again after details.retryAfter_ms.',
  ),
  CUSTODY_REFUSED: entry(
    403,
    'FAILED_PRECONDITION',
    false,
    'The node holds no key of this identity and cannot sign for it.',
    'Sign with the keys of the person and send the signed token.',
  ),
  // Money
  AMOUNT_INVALID: entry(
    422,
    'INVALID_ARGUMENT',
    false,
    'The amount does not fit its unit.',
    'Send a decimal string with at most the decimal places of the unit.',
  ),
  STATE_CONFLICT: entry(
    409,
    'FAILED_PRECONDITION',
    false,
    'The thing is in a state that does not allow this.',
    'Read details.state; the operation needs another state.',
  ),
  PRICE_ABOVE_LIMIT: entry(
    409,
    'FAILED_PRECONDITION',
    false,
    'The price is higher than the most you are ready to pay.',
    'Raise the limit you sign, or do without.',
  ),
  LIMIT_EXCEEDED: entry(
    429,
    'RESOURCE_EXHAUSTED',
    false,
    'A limit is reached.',
    'Read details.limit, and stay below it.',
  ),
  // The node itself
  PORT_TAKEN: entry(
    503,
    'UNAVAILABLE',
    false,
    'Another program listens on this port.',
    'Take any free port with --port 0, or end the other program.',
  ),
  NODE_NOT_RUNNING: entry(
    503,
    'UNAVAILABLE',
    false,
    'No node runs on this data folder.',
    'Start one with ./q up, or name its folder with --data.',
  ),
  NODE_FENCED: entry(
    503,
    'FAILED_PRECONDITION',
    false,
    'This node is a restored copy: it answers questions, and changes nothing.',
    'When the node that it was copied from is gone for good, stop this one, run ./q unfence, and start it again.',
  ),
  FOLDER_UNUSABLE: entry(
    500,
    'FAILED_PRECONDITION',
    false,
    'The folder cannot be used.',
    'Name another one, or make it writable for you.',
  ),
  INTERNAL: entry(
    500,
    'INTERNAL',
    true,
    'The node failed; nothing was acknowledged.',
    'Try again with the same idempotency key; give the operator the requestId.',
  ),
} as const satisfies Record<string, ErrorEntry>;

/** A code of the error table. */
export type ErrorCode = keyof typeof errorTable;

export const errorCodes = Object.keys(errorTable) as readonly ErrorCode[];

/** The row of a code, under the widest type. */
export const errorEntry = (code: ErrorCode): ErrorEntry => errorTable[code];

export const isErrorCode = (value: unknown): value is ErrorCode =>
  typeof value === 'string' && Object.hasOwn(errorTable, value);

/** The same in every copy of this package: a module from elsewhere brings one of its own. */
const BRAND = Symbol.for('@anarq/common-schemas QError');

/** An error of the table on its way to the surface. */
export class QError extends Error {
  override readonly name = 'QError';
  readonly [BRAND] = true;
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(
    code: ErrorCode,
    message?: string,
    details?: Readonly<Record<string, unknown>>,
    options?: ErrorOptions,
  ) {
    super(message ?? errorTable[code].message, options);
    this.code = code;
    this.details = details;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== QError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  get retryable(): boolean {
    return errorTable[this.code].retryable;
  }

  /** What the caller can do, from the table. */
  get suggestedActions(): readonly string[] {
    return errorTable[this.code].actions;
  }
}

/**
 * Stops a call with an error of the table.
 * @throws QError always
 */
export function fail(
  code: ErrorCode,
  message?: string,
  details?: Readonly<Record<string, unknown>>,
): never {
  throw new QError(code, message, details);
}
