import { describe, expect, it } from 'vitest';
import {
  repetitionCode,
  summaryOf,
  surfaceCode,
  validate,
  type Circuit,
  type MemoryOptions,
} from '../src/index.ts';
import { errorsOf, flipsOf, isDeterminate, unrolled } from './paulis.ts';

const codes: readonly (readonly [string, (options: MemoryOptions) => Circuit])[] = [
  ['repetition', repetitionCode],
  ['surface, basis Z', (options) => surfaceCode({ ...options, basis: 'Z' })],
  ['surface, basis X', (options) => surfaceCode({ ...options, basis: 'X' })],
];

/** Each single fault of a noisy circuit as what it flips: detectors, then whether the observable. */
const faults = (circuit: Circuit): readonly (readonly [bigint, boolean])[] => {
  const run = [...unrolled(circuit.body)];
  return run.flatMap((instruction, at) =>
    instruction.kind === 'noise'
      ? errorsOf(instruction).map((error) => {
          const { detectors, observables } = flipsOf(run, new Map([[at, error]]));
          return [detectors, observables === 1n] as const;
        })
      : [],
  );
};

describe.each(codes)('a memory of the code: %s', (_, code) => {
  it.each([
    [2, 1],
    [3, 3],
    [4, 2],
    [5, 2],
  ])(
    'of distance %d over %d rounds has detectors and an observable that are determined',
    (distance, rounds) => {
      expect.hasAssertions();
      const circuit = code({ distance, rounds, noise: 0.01 });
      validate(circuit);
      const run = [...unrolled(circuit.body)];
      for (const [at, instruction] of run.entries())
        if (instruction.kind === 'detector' || instruction.kind === 'observable')
          expect(isDeterminate(run, at, instruction.records)).toBe(true);
    },
  );

  it('of distance 3 corrects every single fault', () => {
    const meaning = new Map<bigint, boolean>();
    const all = faults(code({ distance: 3, rounds: 3, noise: 0.01 }));
    expect(all.length).toBeGreaterThan(100);
    for (const [detectors, flipped] of all) {
      // What a decoder sees of one fault never means two things, and a fault it does not see does nothing.
      expect(meaning.get(detectors) ?? flipped).toBe(flipped);
      meaning.set(detectors, flipped);
    }
    expect(meaning.get(0n) ?? false).toBe(false);
  });

  it('of distance 2 has faults that it sees and cannot tell apart', () => {
    const meaning = new Map<bigint, Set<boolean>>();
    for (const [detectors, flipped] of faults(code({ distance: 2, rounds: 2, noise: 0.01 })))
      meaning.set(detectors, (meaning.get(detectors) ?? new Set()).add(flipped));
    expect([...meaning.values()].some(({ size }) => size === 2)).toBe(true);
    expect(meaning.get(0n)?.has(true) ?? false).toBe(false);
  });

  it('is not longer for more rounds', () => {
    const [few, many] = [2, 1_000_000].map((rounds) => code({ distance: 3, rounds }));
    expect(JSON.stringify(many).length).toBeLessThan(JSON.stringify(few).length + 40);
    expect(summaryOf(many!).detectors).toBeGreaterThan(2_000_000 - 1);
  });

  it.each([
    [{ distance: 1, rounds: 1 }, 'from 2 on'],
    [{ distance: 2.5, rounds: 1 }, 'whole number'],
    [{ distance: 1_000_000, rounds: 1 }, 'at most 201'],
    [{ distance: 3, rounds: 0 }, 'rounds from 1 on'],
    [{ distance: 3, rounds: 1, noise: 2 }, 'probability'],
    [{ distance: 3, rounds: 1, noise: { afterResetFlip: Number.NaN } }, 'afterResetFlip'],
  ])('is refused with %j', (options, message) => {
    expect(() => code(options)).toThrow(message);
  });
});

describe('a surface code', () => {
  it('has d² data qubits and d² - 1 checks', () => {
    for (const distance of [3, 5, 11]) {
      const circuit = surfaceCode({ distance, rounds: 2 });
      expect(circuit.qubits).toBe(2 * distance ** 2 - 1);
      expect(summaryOf(circuit)).toMatchObject({
        measurements: 2 * (distance ** 2 - 1) + distance ** 2,
        detectors: 2 * (distance ** 2 - 1),
        observables: 1,
      });
    }
  });

  it('has noise where stim gen puts it', () => {
    const only = (noise: MemoryOptions['noise']) =>
      summaryOf(surfaceCode({ distance: 3, rounds: 1, noise: noise! })).noise;
    expect(only({ afterCliffordDepolarization: 0.1 })).toBe(24 + 8);
    expect(only({ beforeRoundDataDepolarization: 0.1 })).toBe(9);
    expect(only({ beforeMeasureFlip: 0.1 })).toBe(8 + 9);
    expect(only({ afterResetFlip: 0.1 })).toBe(17 + 8);
    expect(only(0)).toBe(0);
  });
});
