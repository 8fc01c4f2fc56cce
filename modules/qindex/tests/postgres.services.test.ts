import { canReachPostgres } from '@anarq/store/testing';
import { describe } from 'vitest';

/** What the tests of the index say of a node on SQLite, said of one on PostgreSQL. */
process.env['Q_TEST_STORE'] = 'postgres';

describe.skipIf(!(await canReachPostgres()))('on PostgreSQL', () => {
  describe('records', async () => void (await import('./records.test.ts')));
  describe('search', async () => void (await import('./search.test.ts')));
});
