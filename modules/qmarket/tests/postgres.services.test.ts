import { canReachPostgres } from '@anarq/store/testing';
import { describe } from 'vitest';

/** What the tests of the market say of a node on SQLite, said of one on PostgreSQL. */
process.env['Q_TEST_STORE'] = 'postgres';

describe.skipIf(!(await canReachPostgres()))('on PostgreSQL', () => {
  describe('attacks', async () => void (await import('./attacks.test.ts')));
  describe('crash', async () => void (await import('./crash.test.ts')));
  describe('givenUp', async () => void (await import('./givenUp.test.ts')));
  describe('market', async () => void (await import('./market.test.ts')));
  describe('parties', async () => void (await import('./parties.test.ts')));
  describe('split', async () => void (await import('./split.test.ts')));
});
