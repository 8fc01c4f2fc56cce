import type { Circuit, Instruction } from '@anarq/circuit';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/index.ts';
import { compile } from '../../src/stabiliser/compile.ts';
import { Sampler } from '../../src/stabiliser/sampler.ts';
import { Shot } from '../../src/stabiliser/shot.ts';
import { bitOf, type Shots } from '../../src/stabiliser/shots.ts';
import { circuitOf, gate, measure, randomGate } from './circuits.ts';

/** Two samples of the same size have the same distribution: the statistic is as chi-square with `freedom`. */
function chiSquare(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>) {
  let value = 0;
  let freedom = -1;
  const rare = [0, 0];
  const add = (x: number, y: number): void => {
    value += (x - y) ** 2 / (x + y);
    freedom += 1;
  };
  for (const key of new Set([...a.keys(), ...b.keys()])) {
    const [x, y] = [a.get(key) ?? 0, b.get(key) ?? 0];
    // Keys with few shots count together, so that the statistic is near its limit.
    if (x + y >= 16) add(x, y);
    else {
      rare[0]! += x;
      rare[1]! += y;
    }
  }
  if (rare[0]! + rare[1]! >= 16) add(rare[0]!, rare[1]!);
  return { value, freedom: Math.max(freedom, 1) };
}

/** What a chi-square of so much freedom exceeds with probability 1e-6 (Wilson and Hilferty's approximation). */
const bound = (freedom: number): number => {
  const v = 2 / (9 * freedom);
  return freedom * (1 - v + 4.7534 * Math.sqrt(v)) ** 3 + 1;
};

const countsOf = (shots: Shots, into = new Map<string, number>()): Map<string, number> => {
  for (let shot = 0; shot < shots.count; shot += 1) {
    let key = '';
    for (let k = 0; k < shots.bits; k += 1) key += bitOf(shots, shot, k);
    into.set(key, (into.get(key) ?? 0) + 1);
  }
  return into;
};

/** Gates, noise, measurements with readout errors, resets, loops, Pauli gates under parities of results. */
function noisyCircuit(random: Random, qubits: number): Circuit {
  let measured = 0;
  const noise = (): Instruction => {
    const a = random.below(qubits);
    const b = (a + 1 + random.below(qubits - 1)) % qubits;
    const channels = ['x_error', 'y_error', 'z_error', 'depolarizing1', 'depolarizing2'] as const;
    const channel = channels[random.below(channels.length)]!;
    const p = [0.05, 0.3, 1][random.below(3)]!;
    return {
      kind: 'noise',
      channel,
      params: [p],
      qubits: channel === 'depolarizing2' ? [a, b] : [a],
    };
  };
  const step = (): Instruction => {
    const kind = random.below(16);
    const qubit = random.below(qubits);
    if (kind < 3) return noise();
    if (kind === 3) return { kind: 'reset', qubit };
    if (kind < 6 && measured < 6) {
      measured += 1;
      return {
        kind: 'measure',
        qubit,
        bit: random.below(3),
        flip: kind === 4 ? 0.1 : 0,
        inverted: kind === 5,
      };
    }
    if (kind === 6 && measured > 0)
      return {
        kind: 'if',
        condition: {
          kind: 'binary',
          op: '!=',
          left: { kind: 'bit', bit: random.below(3) },
          right: { kind: 'record', offset: -1 - random.below(measured) },
        },
        then: [gate('x', qubit)],
        else: [gate('y', random.below(qubits))],
      };
    if (kind === 7)
      return { kind: 'repeat', times: 3, body: [randomGate(random, qubits), noise()] };
    return randomGate(random, qubits);
  };
  return circuitOf(qubits, 3, [
    ...Array.from({ length: 30 }, step),
    ...Array.from({ length: Math.min(qubits, 2) }, (_, q) => measure(q)),
  ]);
}

describe('batches of Pauli frames', () => {
  it('have the distribution of runs on the tableau: 40 circuits, a false alarm in 12,000 suites', () => {
    const shots = 2048;
    for (let seed = 1n; seed <= 40n; seed += 1n) {
      const circuit = noisyCircuit(new Random(seed), 2 + Number(seed % 3n));
      const program = compile(circuit);
      const sampler = new Sampler(program);
      const results = new Map<string, number>();
      const bits = new Map<string, number>();
      for (let batch = 0; batch < shots / sampler.shotsPerBatch; batch += 1) {
        countsOf(sampler.results(seed, batch), results);
        countsOf(sampler.bits(seed, batch), bits);
      }
      const oneByOne = new Map<string, number>();
      const bitsOneByOne = new Map<string, number>();
      const shot = new Shot(program);
      for (let k = 0; k < shots; k += 1) {
        const random = new Random(seed + 1000n, k);
        shot.run({ result: () => random.u32() & 1, noise: random });
        const key = shot.record.subarray(0, shot.length).join('');
        oneByOne.set(key, (oneByOne.get(key) ?? 0) + 1);
        const bitKey = shot.bits.join('');
        bitsOneByOne.set(bitKey, (bitsOneByOne.get(bitKey) ?? 0) + 1);
      }
      for (const [a, b] of [
        [results, oneByOne],
        [bits, bitsOneByOne],
      ] as const) {
        const { value, freedom } = chiSquare(a, b);
        expect(value, `seed ${seed}`).toBeLessThan(bound(freedom));
      }
    }
  });

  it('are the same for the same seed and number, and no two alike', () => {
    const program = compile(circuitOf(1, 0, [gate('h', 0), measure(0)]));
    const sampler = new Sampler(program);
    const first = sampler.results(1n, 0);
    sampler.results(1n, 1);
    expect(sampler.results(1n, 0)).toEqual(first);
    expect(sampler.results(1n, 1)).not.toEqual(first);
    expect(sampler.results(2n, 0)).not.toEqual(first);
    expect(new Sampler(program).results(1n, 0, 10).data).toEqual(first.data.subarray(0, 10));
  });

  it('fire no detector without noise, in a code that is repeated thirty thousand times', () => {
    const parity = [
      gate('cx', 0, 1),
      gate('cx', 2, 1),
      measure(1),
      { kind: 'reset', qubit: 1 },
    ] as const;
    const circuit = circuitOf(3, 0, [
      gate('h', 0),
      gate('cx', 0, 2),
      ...parity,
      {
        kind: 'repeat',
        times: 30_000,
        body: [...parity, { kind: 'detector', records: [-1, -2], coordinates: [] }],
      },
    ]);
    const sampler = new Sampler(compile(circuit));
    const { detectors } = sampler.detections(1n, 0);
    expect(detectors.bits).toBe(30_000);
    expect(detectors.data.every((word) => word === 0)).toBe(true);
  });

  it('fire detectors as often as the closed form says', () => {
    const p = 0.02;
    const q = 0.01;
    const circuit = circuitOf(2, 0, [
      { kind: 'noise', channel: 'depolarizing1', params: [p], qubits: [0] },
      gate('cx', 0, 1),
      { kind: 'measure', qubit: 1, flip: q },
      { kind: 'detector', records: [-1], coordinates: [] },
      { kind: 'observable', index: 2, records: [-1] },
    ]);
    const sampler = new Sampler(compile(circuit));
    let fired = 0;
    const batches = 200;
    for (let batch = 0; batch < batches; batch += 1) {
      const { detectors, observables } = sampler.detections(7n, batch);
      expect(observables.bits).toBe(3);
      expect(observables.data).toEqual(detectors.data.map((word) => word << 2));
      for (const word of detectors.data) fired += word;
    }
    const flips = (2 * p) / 3;
    const expected = flips * (1 - q) + q * (1 - flips);
    const shots = batches * sampler.shotsPerBatch;
    // Five standard deviations: a false alarm in 1.7 million seeds.
    const sigma = Math.sqrt((expected * (1 - expected)) / shots);
    expect(Math.abs(fired / shots - expected)).toBeLessThan(5 * sigma);
  });

  it('are refused where the flow is free, a result is not there, or a batch would be too large', () => {
    const free = circuitOf(1, 1, [
      { kind: 'if', condition: { kind: 'bit', bit: 0 }, then: [gate('h', 0)], else: [] },
    ]);
    expect(() => new Sampler(compile(free))).toThrow(/not sampled in batches/);
    const early = circuitOf(1, 0, [
      measure(0),
      { kind: 'detector', records: [-2], coordinates: [] },
    ]);
    expect(() => compile(early)).toThrow(/rec\[-2\] points to no result/);
    const long = circuitOf(1, 0, [{ kind: 'repeat', times: 2 ** 30, body: [measure(0)] }]);
    expect(() => new Sampler(compile(long))).toThrow(/the limit is 268435456/);
    const longer = circuitOf(1, 0, [
      {
        kind: 'repeat',
        times: 2 ** 30,
        body: [{ kind: 'repeat', times: 2 ** 30, body: [measure(0)] }],
      },
    ]);
    expect(() => compile(longer)).toThrow(/operations; the limit is/);
  });
});
