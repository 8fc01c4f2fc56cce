import { simulateDag } from '@anarq/dag/testing';
import { describe, expect, it } from 'vitest';
import { mlDsa65 } from '../src/commands/mlDsa65.ts';

/** A hundred validators in calm: commits within seconds, with one in twenty checks by ML-DSA-65. */
const hundred = (byzantine: 0 | 'max') =>
  simulateDag({
    seed: 1,
    nodes: 100,
    byzantine,
    strategy: 'badSignature',
    fault: 'none',
    faulty_ms: 0,
    quiet_ms: 6_000,
    signatures: { scheme: mlDsa65(), share: 0.05 },
  });

describe('a hundred validators with sampled ML-DSA-65 signatures', () => {
  it.each([0, 'max'] as const)(
    'keep one history and commit within five seconds with %s liars',
    (byzantine) => {
      const { violations, stalled, latencies_ms, signatures } = hundred(byzantine);
      expect([violations, stalled]).toEqual([[], undefined]);
      expect(latencies_ms[Math.floor(latencies_ms.length * 0.99)]).toBeLessThan(5_000);
      expect(signatures?.verified).toBeGreaterThan(10_000);
      if (byzantine === 'max') expect(signatures?.forged).toBeGreaterThan(100);
    },
  );
});
