import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  adjoint,
  channelOf,
  CHANNELS,
  embedded,
  GATES,
  identityMatrix,
  multiply,
  type Channel,
  type Matrix,
} from '../src/index.ts';

const channels = [...CHANNELS.values()];
const probability = fc.double({ min: 0, max: 1, noNaN: true });

/** Params in range: of several probabilities each gets its share. */
const paramsOf = (channel: Channel): fc.Arbitrary<number[]> => {
  if (channel.name === 'thermal_relaxation')
    return fc
      .tuple(fc.double({ min: 0.1, max: 9, noNaN: true }), probability, probability)
      .map(([t1, share, time]) => [t1, t1 * (0.1 + 1.9 * share), 5 * time]);
  const disjoint = channel.pauliProbabilities !== undefined;
  return fc
    .array(probability, { minLength: channel.params.length, maxLength: channel.params.length })
    .map((list) => (disjoint ? list.map((value) => value / channel.params.length) : list));
};

/** What a channel makes of a matrix, by its Kraus operators. */
const applied = (kraus: readonly Matrix[], rho: Matrix): Matrix => {
  const result = new Float64Array(rho.length);
  for (const operator of kraus)
    for (const [at, entry] of multiply(multiply(operator, rho), adjoint(operator)).entries())
      result[at]! += entry;
  return result;
};
const expectEqual = (matrix: Matrix, expected: Matrix) => {
  const off = expected.map((entry, at) => Math.abs(matrix[at]! - entry));
  expect(Math.max(...off)).toBeLessThan(1e-12);
};
const unitMatrix = (qubits: number, at: number): Matrix => {
  const matrix = new Float64Array(2 * 4 ** qubits);
  matrix[2 * at] = 1;
  return matrix;
};
const runs = { numRuns: 10, seed: 5 };

describe('a noise channel', () => {
  it.each(channels)('$name keeps the trace: its K†K sum to the identity', (channel) => {
    expect.hasAssertions();
    fc.assert(
      fc.property(paramsOf(channel), (params) => {
        const sum = new Float64Array(2 * 4 ** channel.qubits);
        for (const operator of channelOf(channel.name, params).kraus(...params))
          for (const [at, entry] of multiply(adjoint(operator), operator).entries())
            sum[at]! += entry;
        expectEqual(sum, identityMatrix(channel.qubits));
      }),
      runs,
    );
  });

  it.each(channels.filter((channel) => channel.pauliProbabilities !== undefined))(
    '$name does by its Kraus operators what its Pauli products do',
    (channel) => {
      expect.hasAssertions();
      fc.assert(
        fc.property(paramsOf(channel), (params) => {
          const probabilities = channel.pauliProbabilities!(...params);
          const mixture = probabilities.map((share, index) => {
            let product = identityMatrix(channel.qubits);
            for (let k = 0; k < channel.qubits; k += 1) {
              const letter = Math.floor(index / 4 ** (channel.qubits - 1 - k)) % 4;
              const pauli = GATES.get(['id', 'x', 'y', 'z'][letter]!)!.matrix();
              product = multiply(embedded(pauli, [k], channel.qubits), product);
            }
            return product.map((entry) => entry * Math.sqrt(share));
          });
          for (let at = 0; at < 4 ** channel.qubits; at += 1) {
            const rho = unitMatrix(channel.qubits, at);
            expectEqual(applied(channel.kraus(...params), rho), applied(mixture, rho));
          }
        }),
        runs,
      );
    },
  );

  it('relaxes with t1 and loses coherence with t2', () => {
    const [t1, t2, time] = [50, 70, 20];
    const kraus = CHANNELS.get('thermal_relaxation')!.kraus(t1, t2, time);
    expect(applied(kraus, unitMatrix(1, 3))[6]).toBeCloseTo(Math.exp(-time / t1), 14);
    expect(applied(kraus, unitMatrix(1, 1))[2]).toBeCloseTo(Math.exp(-time / t2), 14);
  });

  it('settles in the mixture it relaxes to', () => {
    expect.hasAssertions();
    const kraus = CHANNELS.get('generalized_amplitude_damping')!.kraus(1, 0.2);
    expectEqual(applied(kraus, unitMatrix(1, 0)), new Float64Array([0.8, 0, 0, 0, 0, 0, 0.2, 0]));
  });

  it.each([
    ['depolarizing1', [1.5], 'p is a probability from 0 to 1, not 1.5'],
    ['depolarizing1', [Number.NaN], 'not finite'],
    ['depolarizing1', [], 'takes 1 (p), not 0'],
    ['pauli_channel_1', [0.5, 0.5, 0.5], 'sum to 1.5'],
    ['thermal_relaxation', [10, 21, 1], 't2 is at most 2 t1 = 20, not 21'],
    ['amplitude_damping', [-0.1], 'gamma is a probability'],
    ['no_such', [], 'There is no noise channel "no_such"'],
  ])('refuses %s(%j)', (name, params, message) => {
    expect(() => channelOf(name, params)).toThrow(
      expect.objectContaining({ code: 'SEMANTICS', message: expect.stringContaining(message) }),
    );
  });
});
