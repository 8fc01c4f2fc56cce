import { Outward, type OutwardLimits } from './outward.ts';

/** No answer between processes of one node is larger. */
const ANSWER_BYTES_MAX = 64 * 1_048_576;

/** Carries bytes to other processes of a node over HTTP, and bears with those that fail. */
export class PeerLink extends Outward {
  constructor(limits: Partial<OutwardLimits> = {}) {
    super(limits);
  }

  /** @throws Error where no whole answer came */
  async post(order: {
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Uint8Array;
    readonly timeout_ms: number;
  }): Promise<{ readonly status: number; readonly body: Uint8Array }> {
    const { url, headers, body, timeout_ms } = order;
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/octet-stream' },
        body: Buffer.from(body),
        redirect: 'error',
        signal: AbortSignal.timeout(Math.max(1, Math.floor(timeout_ms))),
      });
      if (Number(response.headers.get('content-length') ?? 0) > ANSWER_BYTES_MAX)
        throw new Error('its answer is larger than any');
      return { status: response.status, body: await response.bytes() };
    } catch (error) {
      throw new Error(reasonOf(error), { cause: error });
    }
  }
}

/** The fetch of this runtime says 'fetch failed', and why in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'the connection failed';
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  const code = 'code' in cause ? String(cause.code) : '';
  return cause.message === '' ? code : cause.message;
}
