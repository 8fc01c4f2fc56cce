import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { killOver, noKills } from './killing.ts';

const KILLS = 20;

it('a ledger that is killed at any moment loses nothing that it answered, and does nothing twice', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ledger-killed-'));
  const sum = noKills();
  try {
    await killOver(folder, KILLS, sum);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const { violations, ...counts } = sum;
  console.log(`ledger kills: ${JSON.stringify(counts)}`);
  expect(violations).toEqual([]);
  expect(counts.kills).toBe(KILLS);
  expect(counts.answered).toBeGreaterThan(KILLS);
}, 180_000);
