import { canReachPostgres } from '@anarq/store/testing';
import { describe } from 'vitest';

/** What the tests of the ledger say of a node on SQLite, said of one on PostgreSQL. */
process.env['Q_TEST_STORE'] = 'postgres';

describe.skipIf(!(await canReachPostgres()))('on PostgreSQL', () => {
  describe('store', async () => void (await import('./store.test.ts')));
  describe('properties', async () => void (await import('./properties.test.ts')));
  describe('transactions', async () => void (await import('./transactions.test.ts')));
  describe('reverts', async () => void (await import('./reverts.test.ts')));
  describe('templates', async () => void (await import('./templates.test.ts')));
  describe('metadata', async () => void (await import('./metadata.test.ts')));
  describe('node.vectors', async () => void (await import('./node.vectors.test.ts')));
});
