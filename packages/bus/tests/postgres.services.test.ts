import { canReachPostgres } from '@anarq/store/testing';
import { describe } from 'vitest';

/** What the tests of the bus say of an outbox in SQLite, said of one in PostgreSQL. */
process.env['Q_TEST_STORE'] = 'postgres';

describe.skipIf(!(await canReachPostgres()))('on PostgreSQL', async () => {
  await import('./bus.test.ts');
  await import('./delivery.test.ts');
  await import('./failure.test.ts');
});
