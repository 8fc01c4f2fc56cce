import { describe, expect, it } from 'vitest';
import { CircuitError, parseQasm } from '../../src/index.ts';

const gate = (name: string, qubits: number[], params: number[] = []) => ({
  kind: 'gate',
  gate: name,
  params: params.map((value) => ({ kind: 'literal', value })),
  qubits,
});

describe('a text of OpenQASM 2', () => {
  it('becomes gates and measurements on numbered qubits and bits', () => {
    const circuit = parseQasm(`OPENQASM 2.0;
      include "qelib1.inc";
      qreg a[1]; qreg q[2];
      creg c[2];
      h q[0];
      cx q[0], q[1];
      u1(-3*pi/8) a[0];
      measure q -> c;`);
    expect(circuit).toMatchObject({
      qubits: 3,
      qubitRegisters: [
        { name: 'a', start: 0, size: 1 },
        { name: 'q', start: 1, size: 2 },
      ],
      bitRegisters: [{ name: 'c', start: 0, size: 2 }],
      body: [
        gate('h', [1]),
        gate('cx', [1, 2]),
        gate('u1', [0], [(-3 * Math.PI) / 8]),
        { kind: 'measure', qubit: 1, bit: 0 },
        { kind: 'measure', qubit: 2, bit: 1 },
      ],
    });
  });

  it('compares a register as a number', () => {
    const { body } = parseQasm(
      'OPENQASM 2.0; include "qelib1.inc"; qreg q[1]; creg c[3]; if (c==5) x q[0];',
    );
    expect(body).toEqual([
      {
        kind: 'if',
        condition: {
          kind: 'binary',
          op: '==',
          left: { kind: 'bits', start: 0, size: 3 },
          right: { kind: 'literal', value: 5n },
        },
        then: [gate('x', [0])],
        else: [],
      },
    ]);
  });

  it('defines gates that the circuit keeps', () => {
    const { customGates, body } = parseQasm(`OPENQASM 2.0; include "qelib1.inc";
      gate twice(a) p, q { rz(a/2) p; barrier p, q; cx p, q; }
      qreg q[2]; twice(pi) q[1], q[0];`);
    expect(customGates).toHaveLength(1);
    expect(customGates[0]).toMatchObject({ name: 'twice', parameters: ['a'], qubits: 2 });
    expect(customGates[0]!.body.map((one) => [one.gate, one.qubits])).toEqual([
      ['rz', [0]],
      ['cx', [0, 1]],
    ]);
    expect(body).toEqual([gate('twice', [1, 0], [Math.PI])]);
  });
});

describe('what a text refuses', () => {
  const error = (text: string): CircuitError => {
    try {
      parseQasm(text);
    } catch (thrown) {
      if (thrown instanceof CircuitError) return thrown;
      throw thrown;
    }
    throw new Error(`Accepted: ${text}`);
  };

  it.each([
    ['qubit q; h q;', 'SEMANTICS', `Gate 'h' is not declared: include "stdgates.inc"`],
    ['qubit[2] q; U(1,2,3) q[2];', 'SEMANTICS', "Index 2 is outside of 'q', which has 2"],
    ['include "stdgates.inc"; qubit[2] q; cx q[0], q[0];', 'SEMANTICS', 'named twice'],
    ['include "stdgates.inc"; qubit q; rx(1/0.0) q;', 'SEMANTICS', 'not Infinity'],
    ['qubit[1000000000000] q;', 'LIMIT', 'A size is at most 1000000, not 1000000000000'],
    ['qubit q\nU(1,2,3) q;', 'SYNTAX', "Expected ';', but found 'U' (line 2, column 1)"],
    ['extern f(int) -> int; int a = f(1);', 'UNSUPPORTED', 'extern'],
  ])('%s', (text, code, message) => {
    expect(error(text)).toMatchObject({ code, message: expect.stringContaining(message) });
  });
});
