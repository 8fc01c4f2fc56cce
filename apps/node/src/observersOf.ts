import { QError } from '@anarq/common-schemas';
import { openNodeLog, openTracing, type LogOptions, type Observers } from '@anarq/telemetry';

/**
 * Who watches the node, as it was asked for at its start.
 * @throws QError INPUT_INVALID for a receiver that is no http address
 */
export async function observersOf(asked: {
  readonly log?: LogOptions | undefined;
  readonly otlp?: string | undefined;
  readonly version: string;
}): Promise<Observers> {
  const { log, otlp, version } = asked;
  if (otlp !== undefined && !/^https?:/.test(URL.parse(otlp)?.protocol ?? ''))
    throw new QError('INPUT_INVALID', `${otlp} is no http address of an OTLP receiver.`);
  return {
    ...(log === undefined ? {} : { log: openNodeLog(log) }),
    ...(otlp === undefined ? {} : { tracing: await openTracing({ endpoint: otlp, version }) }),
  };
}
