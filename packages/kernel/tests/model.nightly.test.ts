import { afterAll, beforeAll, expect, it } from 'vitest';
import { runModel, startModelled, stopModelled } from './modelRun.ts';

beforeAll(startModelled);
afterAll(stopModelled);

it(
  'the kernel does what a model in a few lines says, two thousand times',
  async () => {
    expect(await runModel(2_000, 3 * 3_600_000)).toEqual({ failed: false, report: undefined });
  },
  4 * 3_600_000,
);
