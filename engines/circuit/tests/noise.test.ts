import { describe, expect, it } from 'vitest';
import {
  noiseModelOf,
  uniformNoise,
  validate,
  withNoise,
  type Instruction,
  type NoiseModel,
} from '../src/index.ts';
import { circuitWith, gateOn } from './circuits.ts';

const noise = (channel: string, params: readonly number[], ...qubits: readonly number[]) =>
  ({ kind: 'noise', channel, params, qubits }) satisfies Instruction;
const measure = (qubit: number, flip?: number): Instruction => ({
  kind: 'measure',
  qubit,
  ...(flip === undefined ? {} : { flip }),
});
const noisy = (body: readonly Instruction[], model: NoiseModel, qubits = 3) => {
  const circuit = withNoise(circuitWith(qubits, body, { bits: 1 }), model);
  validate(circuit);
  return circuit.body;
};

describe('a noise model', () => {
  it('of a single number puts depolarizing after gates and flips at measurements and resets', () => {
    const body = [
      gateOn('h', [0]),
      gateOn('cx', [0, 1]),
      gateOn('ccx', [0, 1, 2]),
      gateOn('gphase', [], 1),
      { kind: 'reset', qubit: 1 } as const,
      measure(0),
    ];
    expect(noisy(body, uniformNoise(0.1))).toEqual([
      gateOn('h', [0]),
      noise('depolarizing1', [0.1], 0),
      gateOn('cx', [0, 1]),
      noise('depolarizing2', [0.1], 0, 1),
      gateOn('ccx', [0, 1, 2]),
      noise('depolarizing1', [0.1], 0),
      noise('depolarizing1', [0.1], 1),
      noise('depolarizing1', [0.1], 2),
      gateOn('gphase', [], 1),
      { kind: 'reset', qubit: 1 },
      noise('x_error', [0.1], 1),
      measure(0, 0.1),
    ]);
  });

  it('counts controls as qubits of the gate', () => {
    const gate = { ...gateOn('x', [2]), controls: [{ qubit: 0, value: 1 as const }] };
    expect(noisy([gate], uniformNoise(0.2))[1]).toEqual(noise('depolarizing2', [0.2], 0, 2));
  });

  it('takes what is said of a gate by name, and no noise where that is nothing', () => {
    const model = {
      ...uniformNoise(0.1),
      afterGate: { h: [], cx: [{ channel: 'z_error', params: [0.3] }] },
    };
    expect(noisy([gateOn('h', [0]), gateOn('cx', [2, 0])], model)).toEqual([
      gateOn('h', [0]),
      gateOn('cx', [2, 0]),
      noise('z_error', [0.3], 2),
      noise('z_error', [0.3], 0),
    ]);
  });

  it('adds a flip to a flip that is there as independent ones add', () => {
    expect(noisy([measure(0, 0.1)], { measurementFlip: 0.2 })).toEqual([
      measure(0, 0.1 + 0.2 - 2 * 0.1 * 0.2),
    ]);
  });

  it('reaches into blocks', () => {
    const body: Instruction[] = [{ kind: 'repeat', times: 3, body: [gateOn('h', [0])] }];
    expect(noisy(body, uniformNoise(0.1))).toEqual([
      { kind: 'repeat', times: 3, body: [gateOn('h', [0]), noise('depolarizing1', [0.1], 0)] },
    ]);
  });

  it('lets qubits idle for the layers in which others work', () => {
    const idle = { idle: [{ channel: 'z_error', params: [0.1] }] };
    const wait = (qubit: number) => noise('z_error', [0.1], qubit);
    const body = [gateOn('h', [0]), gateOn('h', [0]), gateOn('cx', [0, 1]), gateOn('h', [2])];
    expect(noisy(body, idle)).toEqual([
      gateOn('h', [0]),
      gateOn('h', [0]),
      wait(1),
      wait(1),
      gateOn('cx', [0, 1]),
      gateOn('h', [2]),
      wait(2),
      wait(2),
    ]);
  });

  it('lets all qubits wait for a block', () => {
    const idle = { idle: [{ channel: 'z_error', params: [0.1] }] };
    const body: Instruction[] = [
      gateOn('h', [0]),
      { kind: 'if', condition: { kind: 'bit', bit: 0 }, then: [gateOn('x', [1])], else: [] },
    ];
    expect(noisy(body, idle, 2)).toEqual([
      gateOn('h', [0]),
      noise('z_error', [0.1], 1),
      {
        kind: 'if',
        condition: { kind: 'bit', bit: 0 },
        then: [gateOn('x', [1]), noise('z_error', [0.1], 0)],
        else: [],
      },
    ]);
  });

  it('reads from JSON', () => {
    const model: NoiseModel = {
      afterGate1: [{ channel: 'amplitude_damping', params: [0.01] }],
      afterGate: { cx: [{ channel: 'depolarizing2', params: [0.02] }] },
      measurementFlip: 0.03,
    };
    expect(noiseModelOf(JSON.parse(JSON.stringify(model)))).toEqual(model);
    expect(noiseModelOf(0.1)).toEqual(uniformNoise(0.1));
  });

  it.each<[unknown, string]>([
    [null, 'is an object'],
    [1.5, 'probability'],
    [{ unheard: 1 }, 'has no "unheard"'],
    [{ idle: {} }, 'list of channels'],
    [{ idle: [{ params: [] }] }, 'has a name'],
    [{ idle: [{ channel: 'x_error' }] }, '"params"'],
    [{ idle: [{ channel: 'x_error', params: ['1'] }] }, 'is a number'],
    [{ idle: [{ channel: 'depolarizing2', params: [0.1] }] }, 'acts on two qubits'],
    [{ measurementFlip: -1 }, 'measurementFlip is a probability'],
    [{ afterGate1: [{ channel: 'x_error', params: [7] }] }, 'x_error: p is a probability'],
    [
      { afterGate1: Array.from({ length: 99 }, () => ({ channel: 'x_error', params: [0] })) },
      'at most 16',
    ],
  ])('is refused: %j', (json, message) => {
    expect(() => noiseModelOf(json)).toThrow(
      expect.objectContaining({ code: 'SEMANTICS', message: expect.stringContaining(message) }),
    );
  });

  it('of a pair is refused after a gate that has none', () => {
    const model = { afterGate: { h: [{ channel: 'depolarizing2', params: [0.1] }] } };
    expect(() => noisy([gateOn('h', [0])], model)).toThrow('acts on 2 qubits');
  });
});
