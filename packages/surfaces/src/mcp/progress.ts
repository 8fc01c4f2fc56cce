/** What the protocol sends about a request that is under way (MCP, Progress). */
interface ProgressSink {
  readonly notify: (notification: {
    readonly method: string;
    readonly params: Record<string, unknown>;
  }) => Promise<void>;
  readonly signal: AbortSignal;
  readonly _meta?: { readonly progressToken?: string | number | undefined } | undefined;
}

const PROGRESS_EVERY_MS = 1_000;

/**
 * Tells a client that asked for it, once a second, that its call still runs, so that it goes on
 * waiting. How far a call is nobody knows; a job says so itself, with the operations for jobs.
 */
export async function withProgress<T>(
  { notify, signal, _meta: meta }: ProgressSink,
  work: Promise<T>,
): Promise<T> {
  const token = meta?.progressToken;
  if (token === undefined) return work;
  let seconds = 0;
  const timer = setInterval(() => {
    if (signal.aborted) return clearInterval(timer);
    seconds += 1;
    notify({
      method: 'notifications/progress',
      params: { progressToken: token, progress: seconds, message: `running for ${seconds} s` },
      // The stream may be gone; then the answer has nowhere to go either.
    }).catch(() => clearInterval(timer));
  }, PROGRESS_EVERY_MS);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}
