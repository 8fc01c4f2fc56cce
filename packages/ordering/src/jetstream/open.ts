import { fail, QError } from '@anarq/common-schemas';
import { DEFAULT_LIMITS, type OrderingEngine, type OrderingLimits } from '../types.ts';
import { JetStreamOrdering, placeOf } from './engine.ts';
import { DEFAULT_STREAM_LIMITS, type JetStreamOptions, type StreamLimits } from './options.ts';
import { Session } from './session.ts';
import { OrderUnusable } from './stream.ts';

export interface JetStreamOrderingOptions extends Omit<JetStreamOptions, 'stream' | 'limits'> {
  readonly stream?: Partial<StreamLimits>;
  readonly limits?: Partial<OrderingLimits>;
}

/**
 * Orders batches by a stream of NATS JetStream.
 * @throws QError SERVICE_UNAVAILABLE where the broker cannot be reached; STATE_CONFLICT where its stream does
 * not lead on from these books, with what can be done; INPUT_INVALID
 */
export async function openJetStreamOrdering(
  given: JetStreamOrderingOptions,
): Promise<OrderingEngine> {
  if (!/^[a-z0-9_]{1,64}$/.test(given.space))
    fail('INPUT_INVALID', 'A space is 1 to 64 lower-case letters, digits and underscores.');
  if (given.key32.byteLength !== 32) fail('INPUT_INVALID', 'The key of an order has 32 bytes.');
  const options: JetStreamOptions = {
    ...given,
    stream: { ...DEFAULT_STREAM_LIMITS, ...given.stream },
    limits: { ...DEFAULT_LIMITS, ...given.limits },
  };
  const session = await Session.open(options, placeOf(options)).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    if (cause instanceof OrderUnusable) throw new QError('STATE_CONFLICT', `No order: ${why}.`);
    throw new QError('SERVICE_UNAVAILABLE', `The broker at ${given.url} does not answer: ${why}.`);
  });
  return new JetStreamOrdering(options, session);
}
