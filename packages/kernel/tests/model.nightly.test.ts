import { afterAll, beforeAll, it } from 'vitest';
import { runModel, startModelled, stopModelled } from './modelRun.ts';

beforeAll(startModelled);
afterAll(stopModelled);

it(
  'the kernel does what a model in a few lines says, two thousand times',
  async () => {
    await runModel(2_000, 3 * 3_600_000);
  },
  4 * 3_600_000,
);
