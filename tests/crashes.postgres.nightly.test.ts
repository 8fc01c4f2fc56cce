import { describe } from 'vitest';

/** The kills of the services tier, for a night: `Q_KILLS` of them on PostgreSQL. */
process.env['Q_KILLS'] ??= '2000';

describe('for a night', async () => {
  await import('./crashes.services.test.ts');
});
