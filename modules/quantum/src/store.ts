import {
  createTable,
  int,
  json,
  minor,
  nullable,
  sealed,
  table,
  text,
  type RowOf,
} from '@anarq/kernel';
import type { Migration } from '@anarq/store';
import type { Measured } from './work/orders.ts';

/**
 * A run. Its job writes it in three commits: ADMITTED, KEPT with the result before it is paid, DONE
 * after that; or STOPPED, where it is undone. What was asked stands in the call of the job.
 */
export const runs = table(
  'quantum_run',
  { resource: 'run' },
  {
    state: text(),
    /** The process that runs it, which alone moves it on. */
    job: text(),
    ran_by: text(),
    name: nullable(sealed(text())),
    circuit_hash: text(),
    qubits: int(),
    shots: int(),
    seed: text(),
    method: text(),
    why: text(),
    memory_bytes: int(),
    estimated_us: int(),
    limit_ms: int(),
    unit: text(),
    hold_minor: minor(),
    price_minor: nullable(minor()),
    duration_us: nullable(int()),
    /** The price list as it stood when the run was admitted. */
    prices: json<PriceList>(),
    result: nullable(sealed(text())),
  },
);
export type RunRow = RowOf<typeof runs>;

/** What a run costs; decimal strings in whole units. */
export interface PriceList {
  readonly unit: string;
  readonly perJob: string;
  readonly perSecond: string;
  readonly perGibSecond: string;
}

/** The price list of a node: one row, of the operator. */
export const PRICE_LIST_ID = 'prices';
export const prices = table('quantum_prices', {}, { list: json<PriceList>() });

export const migrations: readonly Migration[] = [
  {
    id: 1,
    sql: `${createTable(runs)}
CREATE INDEX quantum_run_owner ON quantum_run (tenant, owner, id);
${createTable(prices)}`,
  },
];

/** The result of a run as its row keeps it. */
export const resultOf = ({ result }: RunRow): Measured | undefined =>
  // Only `keep` writes this column.
  result === null ? undefined : (JSON.parse(result) as Measured);
