import { setTimeout as delay } from 'node:timers/promises';
import { CallError, localFailure } from './callError.ts';
import { waitAfter, type Attempt } from './retry.ts';
import { ConnectionLost } from './transport.ts';

const ATTEMPTS_MAX = 5;

/**
 * Does something that may be done again until it succeeds, at most five times.
 * @throws CallError
 */
export async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let made = 1; ; made += 1) {
    try {
      return await work();
    } catch (error) {
      await waitOrThrow(error, made);
    }
  }
}

/** Waits before attempt `made + 1`, or throws where there is none. */
export async function waitOrThrow(error: unknown, made: number): Promise<void> {
  const attempt = attemptOf(error);
  const wait_ms = attempt === undefined ? undefined : waitAfter(attempt, made);
  if (wait_ms === undefined || made >= ATTEMPTS_MAX) {
    if (!(error instanceof ConnectionLost)) throw error;
    throw new CallError(
      localFailure('SERVICE_UNAVAILABLE', `The node gave no answer: ${error.message}.`),
      {
        cause: error,
      },
    );
  }
  await delay(wait_ms);
}

function attemptOf(error: unknown): Attempt | undefined {
  if (error instanceof ConnectionLost) return { kind: 'lost', reason: error.message };
  if (error instanceof CallError) return { kind: 'answered', result: error.failure };
  return undefined;
}
