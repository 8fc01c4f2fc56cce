import { canReachNats } from '@anarq/bus/testing';
import { canReachPostgres } from '@anarq/store/testing';
import { expect, it } from 'vitest';
import { crashText, crashWorlds } from './crashes/crashLoop.ts';

process.env['Q_TEST_STORE'] = 'postgres';
if (await canReachNats()) process.env['Q_TEST_BUS'] = 'nats';

it.skipIf(!(await canReachPostgres()))(
  'nothing answered is lost and nothing happens twice on PostgreSQL, over kills at random instants under load',
  async () => {
    const seed = Number(process.env['Q_SEED'] ?? Date.now() % 1_000_000);
    const kills = Number(process.env['Q_KILLS'] ?? 20);
    const counts = await crashWorlds({ kills, worlds: 1, seed });
    process.stdout.write(`PostgreSQL: ${crashText(counts, seed)}\n`);
    expect({ ...counts, seed }).toMatchObject({ kills, problems: [] });
    // A run in which nothing was going on would show nothing.
    expect(counts.purchases).toBeGreaterThan(kills / 4);
    expect(counts.resolved).toBeGreaterThan(kills / 4);
  },
  6 * 3_600_000,
);
