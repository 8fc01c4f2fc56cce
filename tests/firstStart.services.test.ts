import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { killFirstStart, listingsOf } from './firstStart.ts';

it.each([250, 450, 600, 800])(
  'a first start that is killed after %i ms leaves a folder on which the next one founds the node, example included',
  async (after_ms) => {
    const folder = await mkdtemp(join(tmpdir(), 'q-first-'));
    const where = ['--data', join(folder, 'data'), '--keys', join(folder, 'keys')];
    try {
      await killFirstStart(after_ms, where);
      expect(await listingsOf(where)).toBe(1);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
);
