import { expect, it } from 'vitest';
import { simulateFollowers } from '../src/testing/index.ts';

const network = {
  seed: 1,
  followers: 10_000,
  neighbours: 4,
  fed: 500,
  delay_ms: [20, 100],
  poll_ms: 200,
} as const;
const at = (times: readonly number[], share: number) => times[Math.floor(share * times.length)]!;

it('ten thousand followers have a certificate within a second, for a dozen messages each', () => {
  const report = simulateFollowers({ ...network, sampled: 0, isForked: false });
  expect(report.arrivals_ms.length).toBe(network.followers);
  expect(at(report.arrivals_ms, 0.99)).toBeLessThan(1_000);
  expect(report.certificatesEach).toBeLessThan(12);
});

it('two certificates for one checkpoint are with everybody before sampling tells half of a fork', () => {
  const report = simulateFollowers({
    ...network,
    followers: 2_000,
    fed: 100,
    sampled: 20,
    isForked: true,
  });
  expect(report.held_ms.length).toBe(2_000);
  expect(at(report.held_ms, 0.5)).toBeLessThan(at(report.told_ms, 0.5));
  expect(report.pollsEach).toBeGreaterThan(report.certificatesEach);
});
