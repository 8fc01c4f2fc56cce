import { expect, it } from 'vitest';
import { crashText, crashWorlds } from './crashes/crashLoop.ts';

it(
  'nothing answered is lost and nothing happens twice, over 10,000 kills at random instants under load',
  async () => {
    const seed = Number(process.env['Q_SEED'] ?? Date.now() % 1_000_000);
    const kills = Number(process.env['Q_KILLS'] ?? 10_000);
    const counts = await crashWorlds({ kills, worlds: 2, seed });
    process.stdout.write(`${crashText(counts, seed)}\n`);
    expect({ ...counts, seed }).toMatchObject({ problems: [] });
    expect(counts.kills).toBeGreaterThanOrEqual(kills);
  },
  6 * 3_600_000,
);
