import { expect, it } from 'vitest';
import { whenPatienceEnds } from '../src/patience.ts';

it('patience ends by turns that this process had, and not by the clock', async () => {
  let turns = 0;
  const ended = Promise.withResolvers<void>();
  whenPatienceEnds(300, ended.resolve);
  const counting = setInterval(() => (turns += 1), 100);
  // Nothing of this process runs for longer than its patience.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  await ended.promise;
  clearInterval(counting);
  expect(turns).toBeGreaterThanOrEqual(2);
});

it('is given up where there is an answer', async () => {
  let isEnded = false;
  whenPatienceEnds(100, () => (isEnded = true))();
  const later = Promise.withResolvers<void>();
  whenPatienceEnds(200, later.resolve);
  await later.promise;
  expect(isEnded).toBe(false);
});
