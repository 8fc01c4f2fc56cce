import { join } from 'node:path';

/** Where a node keeps its data unless --data says otherwise: beside the project. */
export const defaultDataFolder = (): string =>
  process.env['Q_DATA'] ?? join(import.meta.dirname, '../../../.q-node');
