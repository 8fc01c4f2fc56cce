import { afterEach, expect, it } from 'vitest';
import { removeFolders, stepsOfStory, stopAndGoOn } from './stops.ts';

afterEach(removeFolders);

it('a stop before each single step of a history loses nothing and doubles nothing', async () => {
  const steps = await stepsOfStory();
  expect(steps.length).toBeGreaterThan(50);
  for (let step = 1; step <= steps.length; step += 1) await stopAndGoOn(step);
});
