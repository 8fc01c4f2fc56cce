import type { Circuit } from '@anarq/circuit';
import { errorModelOf } from './analyse.ts';
import { compile } from './compile.ts';
import type { ErrorModel } from './errorModel.ts';
import { matchingGraphOf, type MatchingGraph } from './matchingGraph.ts';
import { Sampler } from './sampler.ts';
import { emptyShots, hitsOf, type Shots } from './shots.ts';
import { UnionFindDecoder } from './unionFind.ts';

/** Predicts for shots of detectors which observables flipped. */
export class Decoder {
  readonly #graph: MatchingGraph;
  readonly #decoder: UnionFindDecoder;
  readonly #fired: number[] = [];

  /** @throws CircuitError UNSUPPORTED where a component of an error has more than two detectors; LIMIT */
  constructor(model: ErrorModel) {
    this.#graph = matchingGraphOf(model);
    this.#decoder = new UnionFindDecoder(this.#graph);
  }

  decode(detectors: Shots): Shots {
    const predicted = emptyShots(detectors.count, this.#graph.observables);
    if (predicted.words === 0) return predicted;
    for (let shot = 0; shot < detectors.count; shot += 1) {
      const count = hitsOf(detectors, shot, this.#fired);
      predicted.data[shot] = this.#decoder.decode(this.#fired, count);
    }
    return predicted;
  }
}

/** How often a memory failed, and between which bounds the rate is with 95 % confidence. */
export interface LogicalErrorRate {
  readonly shots: number;
  readonly failures: number;
  readonly rate: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Samples a circuit with detectors and observables, decodes, and counts the shots in which an observable
 * flipped otherwise than predicted.
 * @throws CircuitError as `compile`, `errorModelOf` and `Sampler` do
 */
export function logicalErrorRate(circuit: Circuit, shots: number, seed: bigint): LogicalErrorRate {
  const program = compile(circuit);
  const decoder = new Decoder(errorModelOf(program));
  const sampler = new Sampler(program);
  const size = sampler.shotsPerBatch;
  let failures = 0;
  for (let done = 0; done < shots; done += size) {
    const batch = sampler.detections(seed, done / size, Math.min(size, shots - done));
    failures += failuresOf(batch.observables, decoder.decode(batch.detectors));
  }
  return { shots, failures, rate: failures / shots, ...wilsonInterval(failures, shots) };
}

/** Shots in which two tables differ. */
export function failuresOf(a: Shots, b: Shots): number {
  let failures = 0;
  for (let shot = 0; shot < a.count; shot += 1) {
    let differs = false;
    for (let at = shot * a.words; at < (shot + 1) * a.words; at += 1)
      if (a.data[at] !== b.data[at]) differs = true;
    if (differs) failures += 1;
  }
  return failures;
}

/** Wilson's score interval (J. Am. Stat. Assoc. 22, 1927) of a proportion; `z` standard deviations, 1.96 for 95 %. */
export function wilsonInterval(
  successes: number,
  trials: number,
  z = 1.959963984540054,
): { low: number; high: number } {
  if (trials === 0) return { low: 0, high: 1 };
  const rate = successes / trials;
  const middle = rate + (z * z) / (2 * trials);
  const half = z * Math.sqrt((rate * (1 - rate)) / trials + (z * z) / (4 * trials * trials));
  const scale = 1 + (z * z) / trials;
  return { low: Math.max(0, (middle - half) / scale), high: Math.min(1, (middle + half) / scale) };
}
