import { surfaceCode } from '@anarq/circuit';
import { describe, expect, it } from 'vitest';
import { logicalErrorRate } from '../../src/stabiliser/decode.ts';

/** Rates of exact matching (PyMatching 2.4 on Stim 1.16, 200,000 shots), d rounds, one strength of noise everywhere. */
const REPORTED = [
  [0.001, 3, 0.000675],
  [0.003, 3, 0.00642],
  [0.003, 5, 0.00308],
  [0.003, 7, 0.0015],
  [0.005, 3, 0.017215],
  [0.005, 5, 0.01438],
  [0.005, 7, 0.01004],
] as const;

describe('memories of the surface code', () => {
  it.each(REPORTED)(
    'at noise %d and distance %i fail as often as others report, or a quarter more',
    (noise, distance, reported) => {
      const circuit = surfaceCode({ distance, rounds: distance, noise });
      const { low, high } = logicalErrorRate(circuit, 150_000, 21n);
      expect(high).toBeGreaterThan(0.85 * reported);
      expect(low).toBeLessThan(1.25 * reported);
    },
  );

  it('fail less often with each distance from 3 to 9, below the threshold', () => {
    const rates = [3, 5, 7, 9].map((distance) =>
      logicalErrorRate(surfaceCode({ distance, rounds: distance, noise: 0.002 }), 200_000, 5n),
    );
    for (let k = 1; k < rates.length; k += 1)
      expect(rates[k]!.high).toBeLessThan(rates[k - 1]!.low);
  });
});
