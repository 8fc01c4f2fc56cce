import { fail, type OutputOf } from '@anarq/common-schemas';
import { formatMinor } from '@anarq/decimal';
import type { quantum } from './contract.ts';
import { OUTCOME_CHARS_SHOWN_MAX, OUTCOMES_SHOWN_MAX } from './limits.ts';
import type { RunRow } from './store.ts';
import type { Measured } from './work/orders.ts';

type RunResult = Omit<OutputOf<typeof quantum.result>, 'jobId' | 'next'>;
type Counts = RunResult['counts'];

/** A run as its contract shows it. */
export function runView(
  row: RunRow,
  live: 'QUEUED' | 'RUNNING' | undefined,
): OutputOf<typeof quantum.runs>['items'][number] {
  return {
    runId: row.id,
    jobId: row.job,
    ...(row.name === null ? {} : { name: row.name }),
    state: stateOf(row, live),
    owner: row.owner,
    ranBy: row.ran_by,
    priority: row.priority,
    circuitHash: row.circuit_hash,
    qubits: row.qubits,
    shots: row.shots,
    method: row.method,
    memory_bytes: row.memory_bytes,
    estimated_ms: row.estimated_us / 1_000,
    ...(row.duration_us === null ? {} : { duration_ms: row.duration_us / 1_000 }),
    held: formatMinor(row.hold_minor, row.unit),
    ...(row.price_minor === null || row.state !== 'DONE'
      ? {}
      : { price: formatMinor(row.price_minor, row.unit) }),
    unit: row.unit,
    createdAt: new Date(row.created_ms).toISOString(),
  };
}

/** While its job runs, the desk knows more than the row. */
function stateOf({ state }: RunRow, live: 'QUEUED' | 'RUNNING' | undefined) {
  switch (state) {
    case 'DONE':
    case 'STOPPED':
      return state;
    case 'KEPT':
      return 'SETTLING';
    default:
      return live ?? 'QUEUED';
  }
}

/** The result of a run with as many of its outcomes as one answer shows. */
export const resultView = (row: RunRow, measured: Measured): RunResult => ({
  runId: row.id,
  price: formatMinor(row.price_minor ?? 0n, row.unit),
  unit: row.unit,
  ...membersOf(row, measured),
  counts: shown(measured, 0, OUTCOMES_SHOWN_MAX),
});

/** The same, page by page. A cursor is the number of outcomes before the page. */
export function resultPart(
  row: RunRow,
  measured: Measured,
  {
    limit = OUTCOMES_SHOWN_MAX,
    cursor = '0',
  }: { limit?: number | undefined; cursor?: string | undefined },
): OutputOf<typeof quantum.result> {
  const start = Number(cursor);
  if (!Number.isSafeInteger(start) || start < 0 || start > measured.counts.length)
    fail('INPUT_INVALID', 'This cursor is none of this list.', { cursor });
  const counts = shown(measured, start, limit);
  const end = start + counts.length;
  return {
    ...resultView(row, measured),
    jobId: row.job,
    counts,
    ...(end < measured.counts.length ? { next: String(end) } : {}),
  };
}

function shown(measured: Measured, start: number, limit: number): Counts {
  const counts: Counts = [];
  let chars = 0;
  for (const [bits, count] of measured.counts.slice(start, start + limit)) {
    chars += bits.length;
    if (counts.length > 0 && chars > OUTCOME_CHARS_SHOWN_MAX) break;
    counts.push({ bits, count });
  }
  return counts;
}

function membersOf(
  row: RunRow,
  measured: Measured,
): Omit<RunResult, 'runId' | 'price' | 'unit' | 'counts'> {
  const { circuit, shots, method, precision, seed, noise } = measured;
  return {
    circuit,
    shots,
    outcomes: measured.outcomes,
    expectations: measured.expectations,
    ...(measured.discardedWeight === undefined
      ? {}
      : { discardedWeight: measured.discardedWeight }),
    method,
    why: measured.why,
    precision,
    seed,
    memory_bytes: row.memory_bytes,
    duration_ms: measured.duration_us / 1_000,
    provenance: {
      circuitHash: circuit.circuitHash,
      resultHash: measured.resultHash,
      engineVersion: measured.engineVersion,
      executor: measured.executor,
      ...(measured.strict === undefined ? {} : { strict: measured.strict }),
      method,
      seed,
      precision,
      shots,
      ...(noise === undefined ? {} : { noise }),
    },
  };
}
