import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bit,
  circuitOf,
  GATES,
  identityMatrix,
  operate,
  parameter,
  validate,
  type CircuitBuilder,
} from '../src/index.ts';
import { aGateCircuit, circuitWith, gateOn } from './circuits.ts';

describe('the builder', () => {
  it('has a method for each gate of the table, its params first', () => {
    for (const { name, params, qubits } of GATES.values()) {
      const angles = params.map((_, at) => at + 0.5);
      const on = Array.from({ length: qubits }, (_, k) => 4 - k);
      const builder = circuitOf({ qubits: 5 });
      const method = builder[name as 'cu'] as (...args: readonly number[]) => CircuitBuilder;
      expect(method.call(builder, ...angles, ...on).build().body).toEqual([
        gateOn(name, on, ...angles),
      ]);
    }
  });

  it('knows by its types how many params and qubits a gate takes', () => {
    const builder = circuitOf({ qubits: 3 });
    expect(() => {
      // @ts-expect-error cx takes two qubits
      builder.cx(0);
    }).toThrow('takes 2 qubits');
    expect(() => {
      // @ts-expect-error rx takes an angle before its qubit
      builder.rx(0);
    }).toThrow('takes 1 qubits, not 0');
    expect(() => {
      // @ts-expect-error there is no such gate
      builder.toffoli(0, 1, 2);
    }).toThrow(TypeError);
  });

  it('makes the circuits that are written by hand', () => {
    const circuit = circuitOf({
      name: 'all',
      qubits: { a: 2, b: 1 },
      bits: 3,
      parameters: ['t'],
      variables: { v: { kind: 'uint', width: 4 } },
    });
    circuit
      .h(0)
      .rx(operate(parameter('t'), '/', 2), circuit.qubit('b'))
      .controlled([{ qubit: 1, value: 0 }], (inside) => inside.x(0).unitary(identityMatrix(1), [2]))
      .define('twice', { qubits: 1, parameters: ['x'] }, (inside) =>
        inside.ry(parameter('x'), 0).ry(parameter('x'), 0),
      )
      .gate('twice', [0.5], [1], [0])
      .barrier()
      .noise('x_error', [0.1], 0)
      .measureAll()
      .if(
        bit(0),
        (inside) => inside.x(1),
        (inside) => inside.z(1),
      )
      .while(operate(circuit.value('c'), '==', 7n), (inside) => inside.reset(0, 1).break())
      .assign('v', 3n)
      .repeat(2, (inside) =>
        inside.measure(0, circuit.bit('c', 1), { flip: 0.01 }).detector([-1], [0, 1]),
      )
      .observable(0, [-1]);
    const twice = gateOn('ry', [0], parameter('x'));
    const built = circuit.build();
    expect(built).toEqual({
      ...circuitWith(3, []),
      name: 'all',
      qubitRegisters: [
        { name: 'a', start: 0, size: 2 },
        { name: 'b', start: 2, size: 1 },
      ],
      bits: 3,
      bitRegisters: [{ name: 'c', start: 0, size: 3 }],
      parameters: ['t'],
      variables: [{ name: 'v', type: { kind: 'uint', width: 4 } }],
      customGates: [{ name: 'twice', parameters: ['x'], qubits: 1, body: [twice, twice] }],
      body: [
        gateOn('h', [0]),
        gateOn('rx', [2], operate(parameter('t'), '/', 2)),
        { ...gateOn('x', [0]), controls: [{ qubit: 1, value: 0 }] },
        {
          kind: 'unitary',
          matrix: identityMatrix(1),
          qubits: [2],
          controls: [{ qubit: 1, value: 0 }],
        },
        { ...gateOn('twice', [1], 0.5), controls: [{ qubit: 0, value: 1 }] },
        { kind: 'barrier', qubits: [] },
        { kind: 'noise', channel: 'x_error', params: [0.1], qubits: [0] },
        ...[0, 1, 2].map((k) => ({ kind: 'measure', qubit: k, bit: k })),
        { kind: 'if', condition: bit(0), then: [gateOn('x', [1])], else: [gateOn('z', [1])] },
        {
          kind: 'while',
          condition: operate({ kind: 'bits', start: 0, size: 3 }, '==', 7n),
          body: [{ kind: 'reset', qubit: 0 }, { kind: 'reset', qubit: 1 }, { kind: 'break' }],
        },
        {
          kind: 'assign',
          to: { kind: 'variable', variable: 0 },
          value: { kind: 'literal', value: 3n },
        },
        {
          kind: 'repeat',
          times: 2,
          body: [
            { kind: 'measure', qubit: 0, bit: 1, flip: 0.01 },
            { kind: 'detector', records: [-1], coordinates: [0, 1] },
          ],
        },
        { kind: 'observable', index: 0, records: [-1] },
      ],
    });
    expect(() => validate(built)).not.toThrow();
  });

  it('makes any circuit of gates', () => {
    fc.assert(
      fc.property(aGateCircuit(3), (circuit) => {
        const builder = circuitOf({ qubits: 3, parameters: circuit.parameters });
        for (const { name, parameters, qubits, body } of circuit.customGates)
          builder.define(name, { qubits, parameters }, (inside) => {
            for (const { gate, params, qubits: on, controls } of body)
              inside.gate(gate, params, on, controls);
          });
        for (const instruction of circuit.body)
          if (instruction.kind === 'gate')
            builder.gate(
              instruction.gate,
              instruction.params,
              instruction.qubits,
              instruction.controls,
            );
        expect(builder.build()).toEqual(circuit);
      }),
      { numRuns: 30, seed: 5 },
    );
  });

  it.each<[string, string, (builder: CircuitBuilder) => unknown]>([
    ['a qubit out of range', 'no qubit 3', (builder) => builder.h(3)],
    ['a qubit twice', 'not all different', (builder) => builder.cx(1, 1)],
    ['NaN', 'finite', (builder) => builder.rx(Number.NaN, 0)],
    ['an unknown gate', 'no gate of this name', (builder) => builder.gate('no', [], [0])],
    ['an unknown register', 'no register "b"', (builder) => builder.qubit('b')],
    ['a place beyond a register', 'no q[3]', (builder) => builder.qubit('q', 3)],
    ['a variable that is not there', 'no register "v"', (builder) => builder.assign('v', 1n)],
    ['more results than bits', '1 bits for the results of 3', (builder) => builder.measureAll()],
    ['a break without a loop', 'no loop', (builder) => builder.break()],
    [
      'a measurement in a gate',
      'gates only',
      (builder) => builder.define('g', { qubits: 1 }, (inside) => inside.reset(0)),
    ],
    [
      'a control of a measurement',
      'Only gates',
      (builder) => builder.controlled([0], (inside) => inside.measure(1)),
    ],
    [
      'a gate within itself',
      'no gate of this name',
      (builder) => builder.define('g', { qubits: 1 }, (inside) => inside.gate('g', [], [0])),
    ],
    ['noise out of range', 'probability', (builder) => builder.noise('x_error', [2], 0)],
  ])('refuses at once: %s', (_, message, call) => {
    const builder = circuitOf({ qubits: 3, bits: 1 });
    expect(() => call(builder)).toThrow(
      expect.objectContaining({ code: 'SEMANTICS', message: expect.stringContaining(message) }),
    );
    expect(builder.build().body).toEqual([]);
  });
});
