import { failure, type Failure } from '@anarq/common-schemas';

/** What ended a stream, with where another goes on. */
export const goOn = (ended: Failure, after: string): Failure => ({
  ...ended,
  details: { ...ended.details, after },
});

/** Why a stream ends that nobody else ended. */
export const nodeStops = (): Failure =>
  failure('SERVICE_UNAVAILABLE', said(), 'The node is stopping.', { retryAfter_ms: 2_000 });

/** Why a stream ends whose reader takes nothing. */
export const tooSlow = (stall_ms: number): Failure =>
  failure('TIMEOUT_ERROR', said(), `The stream was not read for ${stall_ms} ms.`, {
    limit: 'stall',
    max_ms: stall_ms,
  });

const said = () => ({ requestId: 'stream', now_ms: Date.now() });
