import { canReachPostgres } from '@anarq/store/testing';
import { describe } from 'vitest';

/** A process that waits for the store of another on PostgreSQL takes over when that one dies. */
process.env['Q_TEST_STORE'] = 'postgres';

describe.skipIf(!(await canReachPostgres()))('on PostgreSQL', async () => {
  await import('./failoverApart.services.test.ts');
});
