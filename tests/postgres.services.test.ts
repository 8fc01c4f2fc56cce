import { canReachPostgres } from '@anarq/store/testing';
import { describe } from 'vitest';

/** The journey of a purchase, and its death at each step, on a node that keeps its rows in PostgreSQL. */
process.env['Q_TEST_STORE'] = 'postgres';

describe.skipIf(!(await canReachPostgres()))('on PostgreSQL', async () => {
  await import('./journey.test.ts');
  await import('./kill.test.ts');
});
