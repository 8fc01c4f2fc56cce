import { describe } from 'vitest';

import { canReachPostgres } from '../src/testing.ts';

/** What the tests of the store say of SQLite, said of PostgreSQL. */
process.env['Q_TEST_STORE'] = 'postgres';

describe.skipIf(!(await canReachPostgres()))('on PostgreSQL', () => {
  describe('commit-and-read', async () => void (await import('./commit-and-read.test.ts')));
  describe('group', async () => void (await import('./group.test.ts')));
  describe('limits', async () => void (await import('./limits.test.ts')));
  describe('migrate', async () => void (await import('./migrate.test.ts')));
  describe('crash', async () => void (await import('./crash.test.ts')));
});
