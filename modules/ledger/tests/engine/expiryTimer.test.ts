import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ExpiryTimer } from '../../src/engine/expiryTimer.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

it('what cannot be ended when its time is over, as on a full disk, is not tried all the time', () => {
  const [due, now] = [1_000_000n, 9_000_000n];
  let woken = 0;
  let isFull = true;
  const timer = new ExpiryTimer(() => {
    woken++;
    timer.set(isFull ? due : due + 1n, now);
  });
  timer.set(due, now);
  vi.advanceTimersByTime(1_000);
  expect(woken).toBeGreaterThan(1);
  expect(woken).toBeLessThan(20);
  // When one could be ended, the next one is at once.
  isFull = false;
  const before = woken;
  vi.advanceTimersByTime(102);
  expect(woken).toBeGreaterThanOrEqual(before + 2);
  timer.stop();
});
