import type { InputOf } from '@anarq/common-schemas';
import { quantum } from '@anarq/quantum/contract';
import { bytesText, columns, paint, say } from '../terminal.ts';
import { tellingOf } from './local.ts';
import { nodeClient } from './remote.ts';

type State = Exclude<InputOf<typeof quantum.runs>['state'], undefined>;

interface JobsOptions {
  readonly data: string;
  readonly token?: string;
  readonly limit: number;
  readonly state?: Lowercase<State>;
  readonly json?: boolean;
}

/** Lists the runs of whoever asks. */
export const jobs = (options: JobsOptions): Promise<void> =>
  tellingOf('jobs', options, () => list(options));

async function list(options: JobsOptions): Promise<void> {
  const client = await nodeClient(options);
  const found = await client.call(quantum.runs, {
    limit: options.limit,
    // What Lowercase made of a state, toUpperCase takes back.
    ...(options.state === undefined ? {} : { state: options.state.toUpperCase() as State }),
  });
  if (options.json === true) return say(JSON.stringify(found));
  if (found.items.length === 0)
    return say(
      options.state === undefined
        ? 'No runs yet: ./q quantum run FILE --node'
        : `No runs are ${options.state}.`,
    );
  const rows = found.items.map((run) => [
    `  ${run.state}`,
    run.method,
    `${run.qubits} qubits`,
    `${run.shots} shots`,
    run.duration_ms === undefined ? '' : `${run.duration_ms.toFixed(1)} ms`,
    bytesText(run.memory_bytes),
    run.price === undefined ? `${run.held} ${run.unit} held` : `${run.price} ${run.unit}`,
    paint.dim(`${run.name ?? ''} ${run.jobId}`.trim()),
  ]);
  for (const line of columns(rows)) say(line);
}
