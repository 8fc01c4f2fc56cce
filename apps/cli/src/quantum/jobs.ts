import { quantum } from '@anarq/quantum/contract';
import { bytesText, columns, paint, say } from '../terminal.ts';
import { nodeClient } from './remote.ts';

/** Lists the runs of whoever asks. */
export async function jobs(options: {
  readonly data: string;
  readonly token?: string;
  readonly limit: number;
  readonly json?: boolean;
}): Promise<void> {
  const client = await nodeClient(options);
  const found = await client.call(quantum.runs, { limit: options.limit });
  if (options.json === true) return say(JSON.stringify(found));
  if (found.items.length === 0) return say('No runs yet: ./q quantum run FILE --node');
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
