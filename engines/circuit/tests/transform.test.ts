import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  adjoint,
  bind,
  circuitText,
  depthOf,
  expandCustomGates,
  identityMatrix,
  inverseOf,
  multiply,
  summaryOf,
  unitaryOf,
  validate,
  type Circuit,
  type Expression,
  type Instruction,
  type Matrix,
} from '../src/index.ts';
import { aGateCircuit, circuitWith, gateOn } from './circuits.ts';

const values = { alpha: 0.7, beta: -1.9 };
const runs = { numRuns: 40, seed: 5 };
const expectNear = (matrix: Matrix, expected: Matrix) => {
  let off = 0;
  for (const [at, entry] of expected.entries()) off = Math.max(off, Math.abs(matrix[at]! - entry));
  expect(off).toBeLessThan(1e-11);
};
const textOf = (circuit: Circuit) => [...circuitText(circuit)].join('');
const parameter = (name: string): Expression => ({ kind: 'parameter', name });

describe('a circuit of gates', () => {
  it('means the same bound before its gates are expanded and after', () => {
    fc.assert(
      fc.property(aGateCircuit(3), (circuit) => {
        validate(circuit);
        const bound = bind(circuit, values);
        const expanded = expandCustomGates(bind(circuit, values));
        const later = bind(expandCustomGates(circuit), values);
        for (const made of [bound, expanded, later]) validate(made);
        expect(expanded.customGates).toEqual([]);
        expectNear(unitaryOf(later), unitaryOf(expanded));
      }),
      runs,
    );
  });

  it('is undone by its inverse, global phase included', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(aGateCircuit(3), (circuit) => {
        const inverse = inverseOf(circuit);
        validate(inverse);
        const undo = unitaryOf(bind(inverse, values));
        const made = unitaryOf(bind(circuit, values));
        expectNear(undo, adjoint(made));
        expectNear(multiply(undo, made), identityMatrix(3));
      }),
      runs,
    );
  });

  it('has the matrix of the custom gate’s body under a control', () => {
    expect.hasAssertions();
    const custom = {
      name: 'phase_and_turn',
      parameters: ['x'],
      qubits: 1,
      body: [gateOn('gphase', [], parameter('x')), gateOn('ry', [0], parameter('x'))],
    };
    const use = {
      ...gateOn('phase_and_turn', [1], 0.4),
      controls: [{ qubit: 0, value: 1 as const }],
    };
    const circuit = circuitWith(2, [use], { customGates: [custom] });
    const byHand = circuitWith(2, [gateOn('p', [0], 0.4), gateOn('cry', [0, 1], 0.4)]);
    expectNear(unitaryOf(circuit), unitaryOf(byHand));
  });

  it('means by a name in the body of a gate what was there before that gate', () => {
    const circuit = circuitWith(1, [gateOn('x', [0])], {
      customGates: [
        { name: 'x', parameters: [], qubits: 1, body: [gateOn('x', [0]), gateOn('h', [0])] },
      ],
    });
    expect(expandCustomGates(circuit).body).toEqual([gateOn('x', [0]), gateOn('h', [0])]);
  });

  it('is refused a value too few or too many', () => {
    const circuit = circuitWith(1, [gateOn('rx', [0], parameter('a'))], { parameters: ['a'] });
    expect(() => bind(circuit, {})).toThrow('No value is given for "a"');
    expect(() => bind(circuit, { a: 1, b: 2 })).toThrow('no parameter "b"; it has "a"');
    expect(() => bind(circuit, { a: Number.POSITIVE_INFINITY })).toThrow('finite');
  });

  it.each<Instruction>([
    { kind: 'measure', qubit: 0 },
    { kind: 'reset', qubit: 0 },
    { kind: 'noise', channel: 'x_error', params: [0.1], qubits: [0] },
  ])('has no inverse with $kind in it', (instruction) => {
    expect(() => inverseOf(circuitWith(1, [instruction]))).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED' }),
    );
  });
});

describe('gates that double one another', () => {
  const doubling = (levels: number, params: (k: number) => Expression): Circuit =>
    circuitWith(1, [gateOn(`g${levels}`, [0], parameter('a'))], {
      parameters: ['a'],
      customGates: Array.from({ length: levels + 1 }, (_, k) => ({
        name: `g${k}`,
        parameters: ['x'],
        qubits: 1,
        body:
          k === 0
            ? [gateOn('rz', [0], parameter('x'))]
            : [gateOn(`g${k - 1}`, [0], params(k)), gateOn(`g${k - 1}`, [0], params(k))],
      })),
    });

  it('are refused before they are expanded', () => {
    expect(() => expandCustomGates(doubling(60, () => parameter('x')))).toThrow(
      expect.objectContaining({ code: 'LIMIT' }),
    );
  });

  it('are refused where their params double', () => {
    const double: Expression = {
      kind: 'binary',
      op: '+',
      left: parameter('x'),
      right: parameter('x'),
    };
    const once = doubling(40, () => double);
    const chain = {
      ...once,
      customGates: once.customGates.map((gate) => ({ ...gate, body: gate.body.slice(0, 1) })),
    };
    expect(() => expandCustomGates(chain)).toThrow(expect.objectContaining({ code: 'LIMIT' }));
    expect(expandCustomGates(bind(chain, { a: 1 })).body).toEqual([gateOn('rz', [0], 2 ** 40)]);
  });

  it('are refused where they stand in one another too deep', () => {
    const chain = doubling(100, () => parameter('x'));
    const once = chain.customGates.map((gate) => ({ ...gate, body: gate.body.slice(0, 1) }));
    expect(() => expandCustomGates({ ...chain, customGates: once })).toThrow(
      expect.objectContaining({ code: 'LIMIT' }),
    );
  });
});

describe('the depth of a circuit', () => {
  const measure = (qubit: number, bit: number): Instruction => ({ kind: 'measure', qubit, bit });
  it.each<[string, number, readonly Instruction[]]>([
    ['of nothing', 0, []],
    ['of gates beside each other', 1, [gateOn('h', [0]), gateOn('h', [1]), gateOn('h', [2])]],
    ['of gates on one qubit', 3, [gateOn('h', [0]), gateOn('cx', [0, 1]), gateOn('h', [1])]],
    ['of a global phase', 0, [gateOn('gphase', [], 1)]],
    [
      'with a barrier between',
      2,
      [gateOn('h', [0]), { kind: 'barrier', qubits: [0, 1] }, gateOn('h', [1])],
    ],
    [
      'with a barrier across',
      2,
      [gateOn('h', [0]), { kind: 'barrier', qubits: [] }, gateOn('h', [1])],
    ],
    [
      'with a gate that waits for a result',
      2,
      [
        measure(0, 0),
        { kind: 'if', condition: { kind: 'bit', bit: 0 }, then: [gateOn('x', [1])], else: [] },
      ],
    ],
    [
      'of what is repeated',
      21,
      [
        { kind: 'repeat', times: 10, body: [gateOn('h', [0]), gateOn('cx', [0, 1])] },
        gateOn('h', [1]),
        gateOn('h', [2]),
      ],
    ],
  ])('%s is %d', (_, depth, body) => {
    expect(depthOf(circuitWith(3, body, { bits: 2 }))).toBe(depth);
  });

  it('comes with counts of what there is', () => {
    const controls = [{ qubit: 1, value: 1 as const }];
    const body: Instruction[] = [
      gateOn('h', [0]),
      { ...gateOn('x', [0]), controls },
      { kind: 'repeat', times: 1_000_000, body: [gateOn('h', [1]), measure(0, 0)] },
      { kind: 'observable', index: 2, records: [-1] },
    ];
    expect(summaryOf(circuitWith(2, body, { bits: 1 }))).toEqual({
      gates: { h: 1_000_001, 'ctrl @ x': 1 },
      gateCount: 1_000_002,
      manyQubitGates: 1,
      depth: 1_000_002,
      measurements: 1_000_000,
      resets: 0,
      noise: 0,
      detectors: 0,
      observables: 3,
    });
  });
});

describe('the canonical text', () => {
  const body: readonly Instruction[] = [
    gateOn('rx', [0], parameter('a')),
    {
      kind: 'if',
      condition: {
        kind: 'binary',
        op: '==',
        left: { kind: 'bits', start: 0, size: 2 },
        right: { kind: 'literal', value: 3n },
      },
      then: [{ kind: 'repeat', times: 3, body: [gateOn('h', [0])] }],
      else: [],
    },
    { kind: 'unitary', matrix: identityMatrix(1), qubits: [1] },
  ];
  const circuit = circuitWith(2, body, { bits: 2, parameters: ['a'] });

  it('is JSON that holds all of the circuit', () => {
    expect(JSON.parse(textOf(circuit))).toEqual(
      JSON.parse(
        JSON.stringify(circuit, (_, value: unknown) =>
          typeof value === 'bigint'
            ? { integer: `${value}` }
            : value instanceof Float64Array
              ? [...value]
              : value,
        ),
      ),
    );
  });

  it('does not depend on the order of members or on what is absent', () => {
    const turned = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(turned)
        : typeof value === 'object' && value !== null && !(value instanceof Float64Array)
          ? Object.fromEntries(
              [...Object.entries(value), ['absent', undefined]]
                .toReversed()
                .map(([name, member]) => [name, turned(member)]),
            )
          : value;
    expect(textOf(turned(circuit) as Circuit)).toBe(textOf(circuit));
  });

  it('comes in pieces, however long a body is', () => {
    const gate = gateOn('h', [0]);
    const long = circuitWith(1, [
      { kind: 'repeat', times: 2, body: Array.from({ length: 3_000 }, () => gate) },
    ]);
    const pieces = [...circuitText(long)];
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThan(70_000);
    expect(JSON.parse(pieces.join(''))).toEqual(long);
  });

  it('refuses numbers that JSON has not', () => {
    expect(() => textOf(circuitWith(1, [gateOn('rx', [0], Number.NaN)]))).toThrow('finite');
  });
});
