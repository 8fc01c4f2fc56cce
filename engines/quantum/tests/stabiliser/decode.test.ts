import { repetitionCode, surfaceCode } from '@anarq/circuit';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/index.ts';
import { errorModelOf } from '../../src/stabiliser/analyse.ts';
import { compile } from '../../src/stabiliser/compile.ts';
import {
  Decoder,
  failuresOf,
  logicalErrorRate,
  wilsonInterval,
} from '../../src/stabiliser/decode.ts';
import type { ErrorModel } from '../../src/stabiliser/errorModel.ts';
import { matchingGraphOf, type MatchingGraph } from '../../src/stabiliser/matchingGraph.ts';
import { Sampler } from '../../src/stabiliser/sampler.ts';
import { emptyShots, hitsOf } from '../../src/stabiliser/shots.ts';
import { UnionFindDecoder } from '../../src/stabiliser/unionFind.ts';

const modelOf = (distance: number, p: number): ErrorModel =>
  errorModelOf(compile(surfaceCode({ distance, rounds: distance, noise: p })));

/** What a set of mechanisms fires and flips. */
function effectOf(
  model: ErrorModel,
  mechanisms: readonly number[],
): { fired: number[]; flips: number } {
  const fired = new Set<number>();
  let flips = 0;
  for (const { detectors, observables } of mechanisms.flatMap(
    (at) => model.errors[at]!.components,
  )) {
    for (const detector of detectors) if (!fired.delete(detector)) fired.add(detector);
    for (const index of observables) flips ^= 1 << index;
  }
  return { fired: [...fired].toSorted((a, b) => a - b), flips };
}

/** The least weight that explains what fired, over all pairings: distances by Bellman and Ford, pairings one by one. */
class ExactMatching {
  readonly #graph: MatchingGraph;

  constructor(graph: MatchingGraph) {
    this.#graph = graph;
  }

  /** Distances from a detector to all, and to the boundary, and what the shortest way flips. */
  #from(start: number): { distance: Float64Array; flips: Int32Array } {
    const { detectors, edges, from, to, weight, flips } = this.#graph;
    const distance = new Float64Array(detectors + 1).fill(Infinity);
    const flipped = new Int32Array(detectors + 1);
    distance[start] = 0;
    for (let changed = true; changed;) {
      changed = false;
      for (let edge = 0; edge < edges; edge += 1)
        for (const [a, b] of [
          [from[edge]!, to[edge]!],
          [to[edge]!, from[edge]!],
        ] as const)
          if (a !== detectors && distance[a]! + weight[edge]! < distance[b]! - 1e-12) {
            distance[b] = distance[a]! + weight[edge]!;
            flipped[b] = flipped[a]! ^ flips[edge]!;
            changed = true;
          }
    }
    return { distance, flips: flipped };
  }

  decode(fired: readonly number[]): number {
    const boundary = this.#graph.detectors;
    const ways = fired.map((detector) => this.#from(detector));
    const best = (left: number): { weight: number; flips: number } => {
      if (left === 0) return { weight: 0, flips: 0 };
      const k = 31 - Math.clz32(left);
      const rest = left ^ (1 << k);
      const alone = best(rest);
      let result = {
        weight: alone.weight + ways[k]!.distance[boundary]!,
        flips: alone.flips ^ ways[k]!.flips[boundary]!,
      };
      for (let other = 0; other < k; other += 1)
        if (((rest >> other) & 1) === 1) {
          const { weight, flips } = best(rest ^ (1 << other));
          const node = fired[other]!;
          if (weight + ways[k]!.distance[node]! < result.weight)
            result = {
              weight: weight + ways[k]!.distance[node]!,
              flips: flips ^ ways[k]!.flips[node]!,
            };
        }
      return result;
    };
    return best((1 << fired.length) - 1).flips;
  }
}

describe('the decoder', () => {
  it('decides a repetition code with perfect measurements by the majority, for every error', () => {
    for (const distance of [3, 5, 7, 9]) {
      const p = 0.1;
      const code = repetitionCode({
        distance,
        rounds: 1,
        noise: { beforeRoundDataDepolarization: p },
      });
      const decoder = new UnionFindDecoder(matchingGraphOf(errorModelOf(compile(code))));
      let failing = 0;
      const flip = (2 * p) / 3;
      for (let pattern = 0; pattern < 2 ** distance; pattern += 1) {
        const bits = Array.from({ length: distance }, (_, k) => (pattern >> k) & 1);
        const weight = bits.reduce((sum, bit) => sum + bit, 0);
        const fired = bits.flatMap((bit, k) => (k > 0 && bit !== bits[k - 1] ? [k - 1] : []));
        const wrong = (decoder.decode(fired) & 1) !== bits.at(-1);
        expect(wrong, bits.join('')).toBe(weight > distance / 2);
        if (wrong) failing += flip ** weight * (1 - flip) ** (distance - weight);
      }
      const shots = 20_000;
      const { failures } = logicalErrorRate(code, shots, BigInt(distance));
      // Five standard deviations of the binomial tail, computed exactly.
      expect(Math.abs(failures - shots * failing)).toBeLessThan(5 * Math.sqrt(shots * failing) + 1);
    }
  });

  it('undoes every single error of a surface code, and with distance 5 any two', () => {
    const three = modelOf(3, 0.001);
    const decoder = new UnionFindDecoder(matchingGraphOf(three));
    for (const at of three.errors.keys()) {
      const { fired, flips } = effectOf(three, [at]);
      expect(decoder.decode(fired), `error ${at}`).toBe(flips);
    }
    const five = modelOf(5, 0.001);
    const second = new UnionFindDecoder(matchingGraphOf(five));
    const random = new Random(1n);
    let wrong = 0;
    for (let trial = 0; trial < 3000; trial += 1) {
      const pair = [random.below(five.errors.length), random.below(five.errors.length)];
      const { fired, flips } = effectOf(five, pair);
      if (second.decode(fired) !== flips) wrong += 1;
    }
    expect(wrong).toBe(0);
  });

  it('is nearly as good as exact matching', () => {
    const circuit = surfaceCode({ distance: 3, rounds: 3, noise: 0.008 });
    const program = compile(circuit);
    const graph = matchingGraphOf(errorModelOf(program));
    const exact = new ExactMatching(graph);
    const fast = new UnionFindDecoder(graph);
    const { detectors, observables } = new Sampler(program).detections(5n, 0);
    const failures = { exact: 0, fast: 0, different: 0 };
    for (let shot = 0; shot < detectors.count; shot += 1) {
      const fired: number[] = [];
      fired.length = hitsOf(detectors, shot, fired);
      const [a, b] = [exact.decode(fired), fast.decode(fired)];
      failures.different += Number(a !== b);
      failures.exact += Number(a !== observables.data[shot]);
      failures.fast += Number(b !== observables.data[shot]);
    }
    expect(failures.different / detectors.count).toBeLessThan(0.02);
    expect(failures.exact).toBeGreaterThan(10);
    expect(failures.fast).toBeLessThan(1.3 * failures.exact);
  });

  it('fails less often the larger the code, below the threshold, and as often as others report', () => {
    // Rates of exact matching (PyMatching 2.4 on Stim 1.16, 200,000 shots) for the same circuits and noise.
    const reported = [
      [0.003, 3, 0.00642],
      [0.005, 3, 0.017215],
      [0.003, 5, 0.00308],
    ] as const;
    const rates = reported.map(([noise, distance, reference]) => {
      const rate = logicalErrorRate(surfaceCode({ distance, rounds: distance, noise }), 20_000, 8n);
      expect(rate.high).toBeGreaterThan(0.95 * reference);
      expect(rate.low).toBeLessThan(1.25 * reference);
      return rate;
    });
    expect(rates[2]!.high).toBeLessThan(rates[0]!.low);
  });

  it('predicts batches as it does shots, and nothing where nothing fired', () => {
    const model = modelOf(3, 0.01);
    const decoder = new Decoder(model);
    const none = emptyShots(40, model.detectors);
    expect(decoder.decode(none).data.every((word) => word === 0)).toBe(true);
    expect(failuresOf(decoder.decode(none), emptyShots(40, 1))).toBe(0);
  });

  it('leaves alone what no error explains', () => {
    const model: ErrorModel = {
      detectors: 2,
      observables: 1,
      coordinates: [[], []],
      errors: [{ probability: 0.1, components: [{ detectors: [0], observables: [0] }] }],
    };
    const decoder = new UnionFindDecoder(matchingGraphOf(model));
    expect(decoder.decode([1])).toBe(0);
    expect(decoder.decode([0, 1])).toBe(1);
    expect(decoder.decode([0])).toBe(1);
  });

  it('refuses what it cannot hold', () => {
    const hyper: ErrorModel = {
      detectors: 3,
      observables: 0,
      coordinates: [],
      errors: [{ probability: 0.1, components: [{ detectors: [0, 1, 2], observables: [] }] }],
    };
    expect(() => matchingGraphOf(hyper)).toThrow(/detectors 0, 1, 2 at once/);
    expect(() => matchingGraphOf({ ...hyper, observables: 33 })).toThrow(/At most 32/);
  });
});

describe('a rate of failures', () => {
  it('has Wilson’s interval', () => {
    // Newcombe, Stat. Med. 17, 1998, table I: 81 of 263 and 0 of 20.
    const { low, high } = wilsonInterval(81, 263);
    expect(low).toBeCloseTo(0.2553, 4);
    expect(high).toBeCloseTo(0.3662, 4);
    expect(wilsonInterval(0, 20).low).toBe(0);
    expect(wilsonInterval(0, 20).high).toBeCloseTo(0.1611, 4);
    expect(wilsonInterval(0, 0)).toEqual({ low: 0, high: 1 });
  });
});
