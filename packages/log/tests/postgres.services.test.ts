import { canReachPostgres } from '@anarq/store/testing';
import { describe } from 'vitest';

/** What the tests of the log say of a log in SQLite, said of one in PostgreSQL. */
process.env['Q_TEST_STORE'] = 'postgres';

describe.skipIf(!(await canReachPostgres()))('on PostgreSQL', () => {
  describe('log', async () => void (await import('./log.test.ts')));
  describe('handover', async () => void (await import('./handover.test.ts')));
  describe('receipt', async () => void (await import('./receipt.test.ts')));
});
