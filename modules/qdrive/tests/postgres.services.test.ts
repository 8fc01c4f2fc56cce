import { canReachPostgres } from '@anarq/store/testing';
import { describe } from 'vitest';

/** What the tests of the files say of a node on SQLite, said of one on PostgreSQL. */
process.env['Q_TEST_STORE'] = 'postgres';

describe.skipIf(!(await canReachPostgres()))('on PostgreSQL', () => {
  describe('arrival', async () => void (await import('./arrival.test.ts')));
  describe('download', async () => void (await import('./download.test.ts')));
  describe('faults', async () => void (await import('./faults.test.ts')));
  describe('kill', async () => void (await import('./kill.test.ts')));
  describe('sweep', async () => void (await import('./sweep.test.ts')));
  describe('tokenTickets', async () => void (await import('./tokenTickets.test.ts')));
  describe('upload', async () => void (await import('./upload.test.ts')));
});
