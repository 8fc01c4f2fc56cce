import { canReachPostgres } from '@anarq/store/testing';
import { describe } from 'vitest';

/** What the tests of the wallet say of a node on SQLite, said of one on PostgreSQL. */
process.env['Q_TEST_STORE'] = 'postgres';

describe.skipIf(!(await canReachPostgres()))('on PostgreSQL', () => {
  describe('concurrency', async () => void (await import('./concurrency.test.ts')));
  describe('crash', async () => void (await import('./crash.test.ts')));
  describe('grants', async () => void (await import('./grants.test.ts')));
  describe('minting', async () => void (await import('./minting.test.ts')));
  describe('payments', async () => void (await import('./payments.test.ts')));
  describe('properties', async () => void (await import('./properties.test.ts')));
  describe('purchases', async () => void (await import('./purchases.test.ts')));
});
