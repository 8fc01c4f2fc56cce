import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { killOver, noKills } from './killing.ts';

const LEDGERS = 20;
const KILLS_OF_ONE = 50;

it('a thousand kills lose nothing that was answered, and do nothing twice', async () => {
  const sum = noKills();
  for (let ledger = 0; ledger < LEDGERS; ledger++) {
    const folder = await mkdtemp(join(tmpdir(), 'ledger-killed-'));
    try {
      await killOver(folder, KILLS_OF_ONE, sum);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  const { violations, ...counts } = sum;
  console.log(`ledger kills: ${JSON.stringify(counts)}`);
  expect(violations).toEqual([]);
  expect(counts.kills).toBe(LEDGERS * KILLS_OF_ONE);
}, 3_600_000);
