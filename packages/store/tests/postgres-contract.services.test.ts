import { describe } from 'vitest';

import { canReachPostgres } from '../src/testing.ts';

/** What the tests of the store say of SQLite, said of PostgreSQL. */
process.env['Q_TEST_STORE'] = 'postgres';

describe.skipIf(!(await canReachPostgres()))('on PostgreSQL', async () => {
  await import('./commit-and-read.test.ts');
  await import('./group.test.ts');
  await import('./limits.test.ts');
  await import('./migrate.test.ts');
  await import('./crash.test.ts');
});
