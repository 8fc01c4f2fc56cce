import { canReachPostgres } from '@anarq/store/testing';
import { describe } from 'vitest';

/** What the tests of the kernel say of a node on SQLite, said of one on PostgreSQL. */
process.env['Q_TEST_STORE'] = 'postgres';

describe.skipIf(!(await canReachPostgres()))('on PostgreSQL', async () => {
  await import('./budgets.test.ts');
  await import('./budgetPeriods.test.ts');
  await import('./crash.test.ts');
  await import('./grants.test.ts');
  await import('./guards.test.ts');
  await import('./invoke.test.ts');
  await import('./jobs.test.ts');
  await import('./processes.test.ts');
  await import('./records.test.ts');
  await import('./recovery.test.ts');
  await import('./replay.test.ts');
  await import('./sessions.test.ts');
  await import('./unitOfWork.test.ts');
});
