import { ConnectionLost } from './transport.ts';

/**
 * A fetch that follows no redirect, so that no proof goes to another place.
 * @throws ConnectionLost
 */
export async function reach(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, redirect: 'error' });
  } catch (cause) {
    throw new ConnectionLost(reasonOf(cause), { cause });
  }
}

/** Undici says 'fetch failed', and why in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'the connection failed';
  return error.cause instanceof Error && error.cause.message !== ''
    ? error.cause.message
    : error.message;
}
