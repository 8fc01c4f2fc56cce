import { expect, it } from 'vitest';
import { crashText, crashWorlds } from './crashes/crashLoop.ts';

it('nothing answered is lost and nothing happens twice, over 200 kills at random instants under load', async () => {
  const seed = Number(process.env['Q_SEED'] ?? Date.now() % 1_000_000);
  const counts = await crashWorlds({ kills: 200, worlds: 2, seed });
  process.stdout.write(`${crashText(counts, seed)}\n`);
  expect({ ...counts, seed }).toMatchObject({ kills: 200, problems: [] });
  // A run in which nothing was going on would show nothing.
  expect(counts.purchases).toBeGreaterThan(50);
  expect(counts.resolved).toBeGreaterThan(50);
}, 900_000);
