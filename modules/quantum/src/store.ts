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
import { PRIORITY_DEFAULT } from './limits.ts';
import type { Asked, Measured, Source } from './work/orders.ts';

export type RowState = 'ADMITTED' | 'KEPT' | 'DONE' | 'STOPPED';

/** As the first migration made it. */
const runColumns = {
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
};

/**
 * A run. Its job writes it in three commits: ADMITTED, KEPT with the result before it is paid, DONE
 * after that; or STOPPED, where it is undone.
 */
export const runs = table('quantum_run', { resource: 'run' }, { ...runColumns, priority: int() });
export type RunRow = RowOf<typeof runs>;

/** What was asked of a run, under its id: beside it, since a text may have a million characters. */
export const orders = table('quantum_order', {}, { order_json: sealed(text()) });

/** The circuit of a run and what was asked of it, as its caller gave them. */
export type RunOrder = Source & Asked;

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
    sql: `${createTable(table('quantum_run', { resource: 'run' }, runColumns))}
CREATE INDEX quantum_run_owner ON quantum_run (tenant, owner, id);
${createTable(prices)}`,
  },
  {
    id: 2,
    sql: `ALTER TABLE quantum_run ADD COLUMN priority INTEGER NOT NULL DEFAULT ${PRIORITY_DEFAULT};
CREATE INDEX quantum_run_state ON quantum_run (tenant, owner, state, id);
${createTable(orders)}`,
  },
];

/** The result of a run as its row keeps it. */
export const resultOf = ({ result }: RunRow): Measured | undefined =>
  // Only `keep` writes this column.
  result === null ? undefined : (JSON.parse(result) as Measured);
