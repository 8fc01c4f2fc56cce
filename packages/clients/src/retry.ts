import { setTimeout as delay } from 'node:timers/promises';
import type { Result } from '@anarq/common-schemas';
import { localFailure } from './callError.ts';
import type { Credentials } from './transport.ts';

/** What became of one attempt: an answer, or nothing that says whether the call was made. */
export type Attempt =
  | { readonly kind: 'answered'; readonly result: Result<unknown> }
  | { readonly kind: 'lost'; readonly reason: string };

const ATTEMPTS_MAX = 3;
const WAIT_FIRST_MS = 100;
const WAIT_MAX_MS = 2_000;
/** A node that asks for more patience than this gets none: the caller decides. */
const WAIT_ASKED_MAX_MS = 30_000;

/**
 * Repeats what may help to repeat: lost connections and failures that the table calls retryable,
 * under the same idempotency key, so that nothing acts twice. A session that has ended is opened
 * again once, beside the attempts.
 */
export async function retrying(
  attempt: () => Promise<Attempt>,
  credentials: Credentials,
  options: { readonly retry?: boolean; readonly signal?: AbortSignal },
): Promise<Result<unknown>> {
  const attemptsMax = options.retry === false ? 1 : ATTEMPTS_MAX;
  let isRenewed = false;
  for (let made = 1; ; made += 1) {
    let outcome = await attempt();
    if (isEnded(outcome) && !isRenewed && credentials.renew()) {
      isRenewed = true;
      outcome = await attempt();
    }
    const wait_ms = waitAfter(outcome, made);
    if (wait_ms === undefined || made >= attemptsMax) return resultOf(outcome, made);
    await delay(wait_ms, undefined, options.signal === undefined ? {} : { signal: options.signal });
  }
}

const isEnded = (outcome: Attempt): boolean =>
  outcome.kind === 'answered' &&
  outcome.result.status === 'error' &&
  outcome.result.code === 'SESSION_EXPIRED';

/** Milliseconds until the next attempt; undefined where none can help. */
export function waitAfter(outcome: Attempt, made: number): number | undefined {
  // Full jitter between half and all of the step, so that callers do not come back together.
  const step_ms = Math.min(WAIT_MAX_MS, WAIT_FIRST_MS * 2 ** (made - 1));
  const own_ms = step_ms * (0.5 + Math.random() / 2);
  if (outcome.kind === 'lost') return own_ms;
  if (outcome.result.status === 'ok' || !outcome.result.retryable) return undefined;
  const asked_ms = outcome.result.details?.['retryAfter_ms'];
  if (typeof asked_ms !== 'number') return own_ms;
  return asked_ms > WAIT_ASKED_MAX_MS ? undefined : Math.max(own_ms, asked_ms);
}

function resultOf(outcome: Attempt, made: number): Result<unknown> {
  if (outcome.kind === 'answered') return outcome.result;
  return localFailure(
    'SERVICE_UNAVAILABLE',
    `The node gave no answer: ${outcome.reason}. What became of the call is not known; ask again with the same idempotency key.`,
    { attempts: made },
  );
}
