import { canReachPostgres } from '@anarq/store/testing';
import { describe } from 'vitest';

/** What the tests of the index say of a node on SQLite, said of one on PostgreSQL. */
process.env['Q_TEST_STORE'] = 'postgres';

describe.skipIf(!(await canReachPostgres()))('on PostgreSQL', async () => {
  await import('./records.test.ts');
  await import('./search.test.ts');
});
