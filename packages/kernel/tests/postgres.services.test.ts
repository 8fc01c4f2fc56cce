import { canReachPostgres } from '@anarq/store/testing';
import { describe } from 'vitest';

/** What the tests of the kernel say of a node on SQLite, said of one on PostgreSQL. */
process.env['Q_TEST_STORE'] = 'postgres';

describe.skipIf(!(await canReachPostgres()))('on PostgreSQL', () => {
  describe('attention', async () => void (await import('./attention.test.ts')));
  describe('authentication', async () => void (await import('./authentication.test.ts')));
  describe('boundTokens', async () => void (await import('./boundTokens.test.ts')));
  describe('budgetAlerts', async () => void (await import('./budgetAlerts.test.ts')));
  describe('budgetPeriods', async () => void (await import('./budgetPeriods.test.ts')));
  describe('budgets', async () => void (await import('./budgets.test.ts')));
  describe('callLimits', async () => void (await import('./callLimits.test.ts')));
  describe('claims', async () => void (await import('./claims.test.ts')));
  describe('clockSteps', async () => void (await import('./clockSteps.test.ts')));
  describe('crash', async () => void (await import('./crash.test.ts')));
  describe('rootKeys', async () => void (await import('./rootKeys.test.ts')));
  describe('eventSweep', async () => void (await import('./eventSweep.test.ts')));
  describe('expiry', async () => void (await import('./expiry.test.ts')));
  describe('feed', async () => void (await import('./feed.test.ts')));
  describe('grants', async () => void (await import('./grants.test.ts')));
  describe('grantsKept', async () => void (await import('./grantsKept.test.ts')));
  describe('guards', async () => void (await import('./guards.test.ts')));
  describe('invoke', async () => void (await import('./invoke.test.ts')));
  describe('jobs', async () => void (await import('./jobs.test.ts')));
  describe('limits', async () => void (await import('./limits.test.ts')));
  describe('model', async () => void (await import('./model.test.ts')));
  describe('ownership', async () => void (await import('./ownership.test.ts')));
  describe('patientKills', async () => void (await import('./patientKills.services.test.ts')));
  describe('processTables', async () => void (await import('./processTables.test.ts')));
  describe('processes', async () => void (await import('./processes.test.ts')));
  describe('reactions', async () => void (await import('./reactions.test.ts')));
  describe('records', async () => void (await import('./records.test.ts')));
  describe('recovery', async () => void (await import('./recovery.test.ts')));
  describe('replay', async () => void (await import('./replay.test.ts')));
  describe('sessions', async () => void (await import('./sessions.test.ts')));
  describe('stops', async () => void (await import('./stops.test.ts')));
  describe('suspended', async () => void (await import('./suspended.test.ts')));
  describe('target', async () => void (await import('./target.test.ts')));
  describe('unitOfWork', async () => void (await import('./unitOfWork.test.ts')));
  describe('waits', async () => void (await import('./waits.test.ts')));
});
