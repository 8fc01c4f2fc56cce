import { canReachNats } from '@anarq/bus/testing';
import { canReachPostgres } from '@anarq/store/testing';
import { describe } from 'vitest';

/**
 * The journey of a purchase, and its death at each step, on a node that keeps its rows in PostgreSQL
 * and tells its events over NATS: in one process, and in two, each with rows of its own.
 */
process.env['Q_TEST_STORE'] = 'postgres';
process.env['Q_TEST_BUS'] = 'nats';

const isServed = (await canReachPostgres()) && (await canReachNats());

describe.skipIf(!isServed)('on PostgreSQL and NATS', () => {
  describe('journey', async () => void (await import('./journey.test.ts')));
  describe('kill', async () => void (await import('./kill.services.test.ts')));
  describe('apart', async () => void (await import('./apart.test.ts')));
  describe('apartKills', async () => void (await import('./apartKills.services.test.ts')));
});
