import { createTable, json, table, text } from '@anarq/kernel';
import type { Migration } from '@anarq/store';

/** What was last announced of the tools of each module, under the module's name. */
export const announced = table(
  'node_announced',
  {},
  { digest: text(), registry: json<Readonly<Record<string, unknown>>>() },
);

export const migrations: readonly Migration[] = [{ id: 1, sql: createTable(announced) }];
