import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  adjoint,
  cliffordOf,
  embedded,
  GATES,
  identityMatrix,
  multiply,
  parsePauli,
  pauliOf,
  pauliText,
  qubitsOf,
  rotationOf,
  tensor,
  type Expression,
  type Gate,
  type GateInstruction,
  type Matrix,
} from '../src/index.ts';

const gates = [...GATES.values()];

const expectEqual = (matrix: Matrix, expected: Matrix) => {
  const off = expected.map((entry, at) => Math.abs(matrix[at]! - entry));
  expect(Math.max(...off)).toBeLessThan(1e-13);
  expect(matrix.length).toBe(expected.length);
};

/** What the params of a step are, worked out here on its own. */
const angle = (expression: Expression, params: Record<string, number>): number => {
  if (expression.kind === 'literal') return Number(expression.value);
  if (expression.kind === 'parameter') return params[expression.name]!;
  if (expression.kind === 'unary') return -angle(expression.of, params);
  if (expression.kind !== 'binary') throw new Error(`no ${expression.kind} in this table`);
  const [left, right] = [angle(expression.left, params), angle(expression.right, params)];
  return { '+': left + right, '-': left - right, '*': left * right, '/': left / right }[
    expression.op as '+'
  ];
};
const anglesOf = (params: readonly Expression[], gate: Gate, given: readonly number[]) => {
  const named = Object.fromEntries(gate.params.map((name, at) => [name, given[at]!]));
  return params.map((param) => angle(param, named));
};
const productOf = (steps: readonly GateInstruction[], gate: Gate, given: readonly number[]) =>
  steps.reduce(
    (product, step) =>
      multiply(
        embedded(
          GATES.get(step.gate)!.matrix(...anglesOf(step.params, gate, given)),
          step.qubits,
          gate.qubits,
        ),
        product,
      ),
    identityMatrix(gate.qubits),
  );

const runs = { numRuns: 6, seed: 5 };
const anAngle = fc.double({ min: -7, max: 7, noNaN: true });
const given = (gate: Gate) => fc.tuple(...gate.params.map(() => anAngle));

describe('a gate of the table', () => {
  it.each(gates)('$name has a unitary matrix of its size', (gate) => {
    fc.assert(
      fc.property(given(gate), (params) => {
        const matrix = gate.matrix(...params);
        expect(qubitsOf(matrix)).toBe(gate.qubits);
        expectEqual(multiply(adjoint(matrix), matrix), identityMatrix(gate.qubits));
      }),
      runs,
    );
  });

  it.each(gates)('$name is undone by its inverse, global phase included', (gate) => {
    fc.assert(
      fc.property(given(gate), (params) => {
        const inverse = GATES.get(gate.inverse.gate)!;
        expect(inverse.params).toHaveLength(gate.inverse.params.length);
        const undo = inverse.matrix(...anglesOf(gate.inverse.params, gate, params));
        expectEqual(multiply(undo, gate.matrix(...params)), identityMatrix(gate.qubits));
      }),
      runs,
    );
  });

  it.each(gates.filter((gate) => gate.decomposition !== undefined))(
    '$name is the product of its decomposition, global phase included',
    (gate) => {
      expect.hasAssertions();
      fc.assert(
        fc.property(given(gate), (params) => {
          expectEqual(productOf(gate.decomposition!, gate, params), gate.matrix(...params));
        }),
        runs,
      );
    },
  );

  it.each(gates)('$name ends in u3, cx and gphase', (gate) => {
    const ends = (name: string, depth: number): readonly string[] => {
      expect(depth).toBeLessThan(10);
      const { decomposition } = GATES.get(name)!;
      return decomposition?.flatMap((step) => ends(step.gate, depth + 1)) ?? [name];
    };
    expect(['u3', 'cx', 'gphase']).toEqual(
      expect.arrayContaining([...new Set(ends(gate.name, 0))]),
    );
  });

  it.each(gates.filter((gate) => gate.params.length === 0))(
    '$name has its images of the generators exactly where it is a Clifford',
    (gate) => {
      expect(gate.stabiliser).toEqual(cliffordOf(gate.matrix()));
    },
  );

  it.each(gates)('$name says how each operand is drawn', (gate) => {
    expect(gate.symbols).toHaveLength(gate.qubits);
  });

  it('has one meaning for each name of another language', () => {
    for (const language of ['qasm2', 'qasm3', 'stim'] as const) {
      const names = gates.flatMap((gate) => gate[language]);
      expect(new Set(names).size).toBe(names.length);
    }
  });
});

describe('a Pauli product', () => {
  const paulis = fc.array(fc.constantFrom('_', 'X', 'Y', 'Z'), { minLength: 1, maxLength: 4 });
  const matrices: Record<string, Matrix> = {
    _: identityMatrix(1),
    X: GATES.get('x')!.matrix(),
    Y: GATES.get('y')!.matrix(),
    Z: GATES.get('z')!.matrix(),
  };
  const matrixOfText = (letters: readonly string[], negative: boolean) =>
    tensor(...letters.map((letter) => matrices[letter]!)).map((entry) =>
      negative ? -entry : entry,
    );

  it('is found again in its matrix', () => {
    fc.assert(
      fc.property(paulis, fc.boolean(), (letters, negative) => {
        const text = (negative ? '-' : '+') + letters.join('');
        expect(pauliOf(matrixOfText(letters, negative))).toEqual(parsePauli(text));
        expect(pauliText(parsePauli(text), letters.length)).toBe(text);
      }),
      { numRuns: 100, seed: 5 },
    );
  });

  it('turned by a quarter is a Clifford, by anything else not', () => {
    fc.assert(
      fc.property(paulis, fc.integer({ min: -8, max: 8 }), (letters, eighths) => {
        const matrix = rotationOf(matrixOfText(letters, false), (eighths * Math.PI) / 4);
        const nothing = letters.every((letter) => letter === '_');
        expect(cliffordOf(matrix) !== undefined).toBe(nothing || eighths % 2 === 0);
      }),
      { numRuns: 100, seed: 5 },
    );
  });

  it.each(['XQ', 'X Y', '+-X', 'x1'])('does not read %j', (text) => {
    expect(() => parsePauli(text)).toThrow(expect.objectContaining({ code: 'SYNTAX' }));
  });
});
