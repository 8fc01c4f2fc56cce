import { canReachPostgres } from '@anarq/store/testing';
import { describe } from 'vitest';

/** The journey of a purchase, and its death at each step, on a node that keeps its rows in PostgreSQL. */
process.env['Q_TEST_STORE'] = 'postgres';

describe.skipIf(!(await canReachPostgres()))('on PostgreSQL', () => {
  describe('journey', async () => void (await import('./journey.test.ts')));
  describe('kill', async () => void (await import('./kill.services.test.ts')));
});
