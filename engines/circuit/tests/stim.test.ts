import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  adjoint,
  cliffordOf,
  embedded,
  GATES,
  identityMatrix,
  multiply,
  parseStim,
  pauliOf,
  pauliText,
  rotationOf,
  unitaryOf,
  validate,
  type Instruction,
  type Matrix,
} from '../src/index.ts';
import { circuitWith, gateOn } from './circuits.ts';
import { through } from './paulis.ts';

const bodyOf = (text: string): readonly Instruction[] => {
  const circuit = parseStim(text);
  validate(circuit);
  return circuit.body;
};
const measure = (qubit: number, more: object = {}): Instruction => ({
  kind: 'measure',
  qubit,
  ...more,
});
const reset = (qubit: number): Instruction => ({ kind: 'reset', qubit });

describe('a .stim text', () => {
  it.each<[string, string, readonly Instruction[]]>([
    [
      'names gates by any of their names, in any case',
      'cnot 0 1\nZCX 0 1\nSqrt_Z 2',
      [gateOn('cx', [0, 1]), gateOn('cx', [0, 1]), gateOn('s', [2])],
    ],
    [
      'applies a gate to each target or pair',
      'H 0 2\nCZ 0 1 2 0',
      [gateOn('h', [0]), gateOn('h', [2]), gateOn('cz', [0, 1]), gateOn('cz', [2, 0])],
    ],
    [
      'has comments, tags and odd spaces',
      '\t# nothing\r\n  H[tag \\C]  0 # why\n\nTICK[100ns]\n',
      [gateOn('h', [0]), { kind: 'barrier', qubits: [] }],
    ],
    [
      'measures noisily and inverted',
      'M(0.125) 0 !1',
      [measure(0, { flip: 0.125 }), measure(1, { flip: 0.125, inverted: true })],
    ],
    [
      'measures and resets in another basis',
      'MRX 0\nRY 1\nMY !2',
      [
        gateOn('h', [0]),
        measure(0),
        reset(0),
        gateOn('h', [0]),
        reset(1),
        gateOn('h_yz', [1]),
        gateOn('h_yz', [2]),
        measure(2, { inverted: true }),
        gateOn('h_yz', [2]),
      ],
    ],
    [
      'measures and resets each target in turn',
      'MR 0 1',
      [measure(0), reset(0), measure(1), reset(1)],
    ],
    [
      'puts noise on each target',
      'DEPOLARIZE1(0.25) 0 1\nPAULI_CHANNEL_1(0, 0.5, 1e-3) 2',
      [
        ...[0, 1].map((qubit) => ({
          kind: 'noise' as const,
          channel: 'depolarizing1',
          params: [0.25],
          qubits: [qubit],
        })),
        { kind: 'noise', channel: 'pauli_channel_1', params: [0, 0.5, 0.001], qubits: [2] },
      ],
    ],
    [
      'has correlated errors',
      'E(0.5) X3\nCORRELATED_ERROR(0.25) Y1 Z0',
      [
        { kind: 'noise', channel: 'x_error', params: [0.5], qubits: [3] },
        {
          kind: 'noise',
          channel: 'pauli_channel_2',
          params: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.25, 0, 0, 0, 0],
          qubits: [1, 0],
        },
      ],
    ],
    [
      'repeats without being unrolled',
      'REPEAT 1000000 {\n  X 0\n  REPEAT 2 {\n    Y 0\n  }\n}',
      [
        {
          kind: 'repeat',
          times: 1_000_000,
          body: [gateOn('x', [0]), { kind: 'repeat', times: 2, body: [gateOn('y', [0])] }],
        },
      ],
    ],
    [
      'has annotations',
      'QUBIT_COORDS(1, -2.5) 0 1\nM 0 1\nDETECTOR(0, 1) rec[-1] rec[-2]\nSHIFT_COORDS(0, 1)\nOBSERVABLE_INCLUDE(3) rec[-1]',
      [
        { kind: 'coordinates', qubits: [0, 1], coordinates: [1, -2.5] },
        measure(0),
        measure(1),
        { kind: 'detector', coordinates: [0, 1], records: [-1, -2] },
        { kind: 'coordinates', qubits: [], coordinates: [0, 1] },
        { kind: 'observable', index: 3, records: [-1] },
      ],
    ],
    [
      'feeds results back',
      'M 0 1\nCX rec[-1] 3\nCZ 2 rec[-2]\nXCZ 2 rec[-1]',
      [
        measure(0),
        measure(1),
        ...(
          [
            [-1, 'x', 3],
            [-2, 'z', 2],
            [-1, 'x', 2],
          ] as const
        ).map(([offset, gate, qubit]) => ({
          kind: 'if' as const,
          condition: { kind: 'record' as const, offset },
          then: [gateOn(gate, [qubit])],
          else: [],
        })),
      ],
    ],
    [
      'measures products as gates around one measurement',
      'MPP(0.25) !X0*Z2',
      [
        gateOn('h', [0]),
        gateOn('cx', [2, 0]),
        measure(0, { flip: 0.25, inverted: true }),
        gateOn('cx', [2, 0]),
        gateOn('h', [0]),
      ],
    ],
    ['has errors that do nothing', 'I_ERROR(0.1) 1\nII_ERROR 0 1', []],
    ['says nothing', '', []],
  ])('%s', (_, text, body) => {
    expect(bodyOf(text)).toEqual(body);
  });

  it('has as many qubits as the highest that is named, and no bits', () => {
    expect(parseStim('H 7\nI_ERROR 9')).toMatchObject({ qubits: 10, bits: 0 });
  });

  it('looks back from a loop at what came before, and after it at all its rounds', () => {
    const text = 'M 0\nREPEAT 10 {\n M 0\n DETECTOR rec[-1] rec[-2]\n}\nDETECTOR rec[-11]';
    expect(bodyOf(text)).toHaveLength(3);
    expect(() => parseStim(`${text}\nDETECTOR rec[-12]`)).toThrow('only 11 results');
    expect(() => parseStim('REPEAT 9 {\n M 0\n DETECTOR rec[-2]\n}')).toThrow('only 1 results');
  });
});

describe('a product of Paulis in a .stim text', () => {
  const matrixOf = (factors: readonly (readonly [string, number])[]): Matrix =>
    factors.reduce<Matrix>(
      (product, [letter, qubit]) =>
        multiply(product, embedded(GATES.get(letter.toLowerCase())!.matrix(), [qubit], 3)),
      identityMatrix(3),
    );
  /** Products with qubits in them more than once; only Hermitian ones other than the identity. */
  const products = fc
    .array(fc.tuple(fc.constantFrom('X', 'Y', 'Z'), fc.integer({ min: 0, max: 2 })), {
      minLength: 1,
      maxLength: 5,
    })
    .map((factors) => ({
      factors,
      matrix: matrixOf(factors),
      text: factors.map(([a, b]) => a + b).join('*'),
    }));
  const known = ({ matrix }: { readonly matrix: Matrix }) => {
    const pauli = pauliOf(matrix);
    return pauli !== undefined && (pauli.x | pauli.z) !== 0n;
  };

  it('is what is measured, with its sign', () => {
    fc.assert(
      fc.property(products.filter(known), fc.boolean(), ({ matrix, text }, inverted) => {
        const { body } = parseStim(`I 2\nMPP ${inverted ? '!' : ''}${text}`);
        const at = body.findIndex(({ kind }) => kind === 'measure');
        const measurement = body[at]!;
        const before = unitaryOf(circuitWith(3, body.slice(0, at)));
        const found = pauliOf(multiply(multiply(before, matrix), adjoint(before)))!;
        expect(measurement).toMatchObject({ qubit: Math.log2(Number(found.z)) });
        expect(found.x).toBe(0n);
        const told = measurement.kind === 'measure' && measurement.inverted === true;
        expect(told).toBe(found.negative !== inverted);
        const after = unitaryOf(circuitWith(3, body.slice(at + 1)));
        expect(pauliText(pauliOf(multiply(after, before))!, 3)).toBe('+___');
      }),
      { numRuns: 100, seed: 5 },
    );
  });

  it('is what SPP turns about', () => {
    fc.assert(
      fc.property(products.filter(known), fc.boolean(), ({ matrix, text }, inverted) => {
        const made = unitaryOf(parseStim(`I 2\nSPP ${inverted ? '!' : ''}${text}`));
        const turned = rotationOf(matrix, inverted ? -Math.PI / 2 : Math.PI / 2);
        expect(cliffordOf(made)).toEqual(cliffordOf(turned));
        const back = unitaryOf(parseStim(`I 2\nSPP_DAG ${inverted ? '!' : ''}${text}`));
        expect(cliffordOf(multiply(back, made))).toEqual(cliffordOf(identityMatrix(3)));
      }),
      { numRuns: 60, seed: 5 },
    );
  });

  it('is the error that happens, however many qubits it has', () => {
    const { body } = parseStim('E(0.5) X0 Y1 Z2 X4');
    const at = body.findIndex(({ kind }) => kind === 'noise');
    expect(body[at]).toEqual({ kind: 'noise', channel: 'z_error', params: [0.5], qubits: [0] });
    const error = { x: 0n, z: 1n };
    for (const instruction of body.slice(at + 1))
      if (instruction.kind === 'gate') through(error, instruction);
    expect(pauliText({ negative: false, ...error }, 5)).toBe('+XYZ_X');
  });

  it.each([
    ['MPP X0*Z0', 'not Hermitian'],
    ['MPP X0*X0', 'no Paulis'],
  ])('is refused: %s', (text, message) => {
    expect(() => parseStim(text)).toThrow(message);
  });
});

describe('a .stim text that does not read', () => {
  it.each<[string, string, string, number, number]>([
    ['an unknown name', 'SYNTAX', 'H 0\n  FOO 1', 2, 3],
    ['a target that is none', 'SYNTAX', 'H 0 x', 1, 5],
    ['targets without a space', 'SYNTAX', 'H(0)0', 1, 5],
    ['text after a block', 'SYNTAX', 'REPEAT 2 {\n} H', 2, 3],
    ['a block that is not ended', 'SYNTAX', 'H 0\nREPEAT 2 {\nREPEAT 3 {\n}\n', 2, 1],
    ['an end without a block', 'SYNTAX', '}', 1, 1],
    ['another block', 'SYNTAX', 'H 0 {', 1, 1],
    ['REPEAT without a block', 'SYNTAX', 'REPEAT 5', 1, 1],
    ['REPEAT with a name', 'SYNTAX', 'REPEAT x {\n}', 1, 8],
    ['no rounds', 'SEMANTICS', 'REPEAT 0 {\n}', 1, 8],
    ['rounds without end', 'LIMIT', 'REPEAT 99999999999999999999 {\n}', 1, 8],
    ['a number that is none', 'SYNTAX', 'X_ERROR(0.1.2) 0', 1, 12],
    ['a number too large', 'SYNTAX', 'SHIFT_COORDS(1e999)', 1, 14],
    ['NaN', 'SYNTAX', 'X_ERROR(NaN) 0', 1, 9],
    ['an argument too many', 'SEMANTICS', 'H(0.1) 0', 1, 1],
    ['an argument too few', 'SEMANTICS', 'X_ERROR 0', 1, 1],
    ['a probability above 1', 'SEMANTICS', 'M(1.5) 0', 1, 1],
    ['an odd number of a pair', 'SEMANTICS', 'CX 0 1 2', 1, 1],
    ['a qubit with itself', 'SEMANTICS', 'CX 0 1 2 2', 1, 8],
    ['a product where there is a list', 'SYNTAX', 'E(0.1) X0*X1', 1, 8],
    ['an inverted gate', 'SEMANTICS', 'H !0', 1, 3],
    ['a result where a qubit is', 'SEMANTICS', 'M 0\nH rec[-1]', 2, 3],
    ['a result that is the target', 'SEMANTICS', 'M 0\nCX 1 rec[-1]', 2, 6],
    ['a result before the first', 'SEMANTICS', 'M 0\nDETECTOR rec[-2]', 2, 10],
    ['a result ahead', 'SYNTAX', 'M 0\nDETECTOR rec[-0]', 2, 10],
    ['a qubit where a result is', 'SEMANTICS', 'DETECTOR 0', 1, 10],
    ['Pauli targets of a gate', 'SEMANTICS', 'H X0', 1, 3],
    ['qubits of a product', 'SEMANTICS', 'MPP 0', 1, 5],
    ['a product of results', 'SYNTAX', 'MPP X0*5', 1, 8],
    ['an observable without a number', 'SEMANTICS', 'OBSERVABLE_INCLUDE rec[-1]', 1, 1],
    ['an observable without end', 'LIMIT', 'OBSERVABLE_INCLUDE(1e9)', 1, 1],
    ['a qubit without end', 'LIMIT', 'H 1000000', 1, 3],
    ['a qubit beyond numbers', 'LIMIT', `H ${'9'.repeat(400)}`, 1, 3],
    ['many coordinates', 'LIMIT', `DETECTOR(${Array.from({ length: 17 }, () => 1).join()})`, 1, 1],
    ['sweep bits', 'UNSUPPORTED', 'CX sweep[0] 1', 1, 4],
    [
      'errors that exclude one another',
      'UNSUPPORTED',
      'E(0.1) X1\nELSE_CORRELATED_ERROR(0.1) X1',
      2,
      1,
    ],
    ['padding', 'UNSUPPORTED', 'MPAD 0', 1, 1],
    ['observables of Paulis', 'UNSUPPORTED', 'OBSERVABLE_INCLUDE(0) X1', 1, 23],
    ['malformed unicode', 'SYNTAX', 'H 0\n\uD800', 2, 1],
    ['blocks too deep', 'LIMIT', 'REPEAT 2 {\n'.repeat(100_000), 65, 1],
  ])('is refused with its place: %s', (_, code, text, line, column) => {
    expect(() => parseStim(text)).toThrow(
      expect.objectContaining({ code, place: { line, column } }),
    );
  });

  it('is refused without reading it over and over', () => {
    const errors = [
      `${' '.repeat(1_000_000)}?`,
      `M(${'1'.repeat(1_000_000)}) 0`,
      `H[${'a'.repeat(1_000_000)}`,
    ];
    for (const text of errors)
      expect(() => parseStim(text)).toThrow(expect.objectContaining({ name: 'CircuitError' }));
  });
});
