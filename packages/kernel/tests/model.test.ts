import { afterAll, beforeAll, expect, it } from 'vitest';
import { runModel, startModelled, stopModelled } from './modelRun.ts';

beforeAll(startModelled);
afterAll(stopModelled);

it('the kernel does what a model in a few lines says, with calls at once and crashes', async () => {
  expect(await runModel(20, 120_000)).toEqual({ failed: false, report: undefined });
}, 240_000);
