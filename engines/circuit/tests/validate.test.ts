import { describe, expect, it } from 'vitest';
import {
  NESTING_MAX,
  validate,
  type Circuit,
  type Expression,
  type Instruction,
} from '../src/index.ts';
import { circuitWith, gateOn } from './circuits.ts';

const bit: Expression = { kind: 'bit', bit: 0 };
const nested = (levels: number): Instruction => {
  let inside: Instruction = gateOn('x', [0]);
  for (let k = 0; k < levels; k += 1)
    inside = { kind: 'if', condition: bit, then: [inside], else: [] };
  return inside;
};

describe('a circuit that keeps the rules', () => {
  it.each<[string, Circuit]>([
    ['nothing', circuitWith(0, [])],
    ['blocks as deep as they may be', circuitWith(1, [nested(NESTING_MAX)], { bits: 1 })],
    [
      'a break in an if in a loop',
      circuitWith(
        1,
        [
          {
            kind: 'while',
            condition: bit,
            body: [{ kind: 'if', condition: bit, then: [{ kind: 'break' }], else: [] }],
          },
        ],
        { bits: 1 },
      ),
    ],
  ])('passes: %s', (_, circuit) => {
    expect(() => validate(circuit)).not.toThrow();
  });
});

describe('a circuit that breaks a rule', () => {
  const rz = (param: Expression) => gateOn('rz', [0], param);
  it.each<[string, string, readonly Instruction[], Partial<Circuit>?]>([
    [
      'a qubit out of range',
      'Instruction 1 (x): there is no qubit 2',
      [gateOn('h', [0]), gateOn('x', [2])],
    ],
    ['a negative qubit', 'no qubit -1', [gateOn('x', [-1])]],
    ['a qubit between two', 'no qubit 0.5', [gateOn('x', [0.5])]],
    ['a qubit twice', 'not all different', [gateOn('cx', [1, 1])]],
    [
      'a qubit as its own control',
      'not all different',
      [{ ...gateOn('x', [0]), controls: [{ qubit: 0, value: 1 }] }],
    ],
    ['too few qubits', 'takes 2 qubits, not 1', [gateOn('cx', [1])]],
    ['too many params', 'takes 0 params, not 1', [gateOn('x', [0], 1)]],
    ['an unknown gate', 'no gate of this name', [gateOn('no_such', [0])]],
    ['NaN', 'finite, not NaN', [rz({ kind: 'literal', value: Number.NaN })]],
    ['Infinity', 'finite', [rz({ kind: 'literal', value: Number.POSITIVE_INFINITY })]],
    ['an unknown parameter', 'no parameter "a"', [rz({ kind: 'parameter', name: 'a' })]],
    ['an unknown variable', 'no variable 0', [rz({ kind: 'variable', variable: 0 })]],
    ['a bit out of range', 'no bit 0', [{ kind: 'measure', qubit: 0, bit: 0 }]],
    ['a flip that is no probability', 'flip is', [{ kind: 'measure', qubit: 0, flip: 2 }]],
    [
      'a register beyond the bits',
      'no bit 2',
      [{ kind: 'assign', to: { kind: 'bits', start: 1, size: 2 }, value: bit }],
      { bits: 2 },
    ],
    [
      'noise out of range',
      'p is a probability',
      [{ kind: 'noise', channel: 'x_error', params: [-1], qubits: [0] }],
    ],
    [
      'noise on too few qubits',
      'takes 2 qubits',
      [{ kind: 'noise', channel: 'depolarizing2', params: [0.1], qubits: [0] }],
    ],
    ['a break without a loop', 'no loop to break', [{ kind: 'break' }]],
    ['a loop of no rounds', 'from 1 on, not 0', [{ kind: 'repeat', times: 0, body: [] }]],
    ['a loop of half a round', 'not 1.5', [{ kind: 'repeat', times: 1.5, body: [] }]],
    ['blocks too deep', 'at most 64 deep', [nested(NESTING_MAX + 1)], { bits: 1 }],
    [
      'a place in blocks',
      'Instruction 0.then.1 (cx)',
      [{ kind: 'if', condition: bit, then: [gateOn('x', [0]), gateOn('cx', [0, 0])], else: [] }],
      { bits: 1 },
    ],
    ['a record ahead', 'count back', [{ kind: 'detector', records: [0], coordinates: [] }]],
    [
      'a coordinate at infinity',
      'not finite',
      [{ kind: 'detector', records: [-1], coordinates: [Number.POSITIVE_INFINITY] }],
    ],
    [
      'an observable without end',
      'no observable',
      [{ kind: 'observable', index: 1e9, records: [] }],
    ],
    [
      'a matrix that is not unitary',
      'not unitary',
      [{ kind: 'unitary', matrix: new Float64Array(8), qubits: [0] }],
    ],
    [
      'a matrix that is not square',
      '4^q numbers, not 6',
      [{ kind: 'unitary', matrix: new Float64Array(6), qubits: [0] }],
    ],
    [
      'a matrix too large',
      'at most 6 qubits',
      [{ kind: 'unitary', matrix: new Float64Array(2 * 4 ** 7), qubits: [] }],
    ],
    [
      'registers with a gap',
      'begins at 1, not at 0',
      [],
      { qubitRegisters: [{ name: 'q', start: 1, size: 2 }] },
    ],
    [
      'registers too small',
      'hold 1 together',
      [],
      { qubitRegisters: [{ name: 'q', start: 0, size: 1 }] },
    ],
    ['a name twice', 'two of the parameter "a"', [], { parameters: ['a', 'a'] }],
    [
      'a gate that uses itself',
      'Instruction gate g, 0 (g): there is no gate',
      [],
      { customGates: [{ name: 'g', parameters: [], qubits: 1, body: [gateOn('g', [0])] }] },
    ],
    ['too many qubits', 'at most 1000000 qubits', [], { qubits: 1_000_001 }],
    ['NaN qubits', 'whole number', [], { qubits: Number.NaN }],
    [
      'a variable too wide',
      'at most 65536',
      [],
      { variables: [{ name: 'v', type: { kind: 'uint', width: 1e9 } }] },
    ],
  ])('is refused: %s', (_, message, body, rest = {}) => {
    expect(() => validate(circuitWith(2, body, rest))).toThrow(message);
  });
});
