import { canReachPostgres } from '@anarq/store/testing';
import { describe } from 'vitest';

/** What the tests of the bus say of an outbox in SQLite, said of one in PostgreSQL. */
process.env['Q_TEST_STORE'] = 'postgres';

describe.skipIf(!(await canReachPostgres()))('on PostgreSQL', () => {
  describe('bus', async () => void (await import('./bus.test.ts')));
  describe('delivery', async () => void (await import('./delivery.test.ts')));
  describe('failure', async () => void (await import('./failure.test.ts')));
  describe('letters', async () => void (await import('./letters.test.ts')));
});
