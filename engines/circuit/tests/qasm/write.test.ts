import { describe, expect, it } from 'vitest';
import {
  type Circuit,
  CircuitError,
  GATES,
  type Instruction,
  parseQasm,
  writeQasm,
} from '../../src/index.ts';
import { counterexample } from './changed.ts';
import { writtenAndRead } from './generated.ts';

const circuitOf = (qubits: number, body: readonly Instruction[]): Circuit => ({
  qubits,
  qubitRegisters: [{ name: 'q', start: 0, size: qubits }],
  bits: 2,
  bitRegisters: [{ name: 'c', start: 0, size: 2 }],
  variables: [],
  parameters: [],
  customGates: [],
  body,
});

const ofTable = [...GATES.values()].map(({ name, params, qubits }): Circuit =>
  circuitOf(6, [
    {
      kind: 'gate',
      gate: name,
      params: [0.3, -Math.PI / 4, 2.5e-7, 1]
        .slice(0, params.length)
        .map((value) => ({ kind: 'literal', value })),
      qubits: Array.from({ length: qubits }, (_, at) => qubits - 1 - at),
    },
  ]),
);

describe('a circuit written as OpenQASM 3', () => {
  it('is the same circuit when it is read again', () => {
    expect(counterexample(writtenAndRead, { numRuns: 150, seed: 7 })).toBeUndefined();
  });

  it.for(ofTable)('keeps every gate of the table: $body.0.gate', (circuit) => {
    expect(parseQasm(writeQasm(circuit))).toEqual(circuit);
  });

  it('writes angles as multiples of pi where that is exact, else by the digits that read the same', () => {
    const angles = [Math.PI, (-3 * Math.PI) / 8, 1.2, 1e-300, 3, -0, 0.1 + 0.2];
    const text = writeQasm(
      circuitOf(
        1,
        angles.map((value) => ({
          kind: 'gate',
          gate: 'rx',
          params: [{ kind: 'literal', value }],
          qubits: [0],
        })),
      ),
    );
    expect([...text.matchAll(/rx\((.*)\)/g)].map((match) => match[1])).toEqual(
      'pi -3*pi/8 1.2 1.0e-300 3.0 -0.0 0.30000000000000004'.split(' '),
    );
  });

  it('writes the bits of an angle as bits', () => {
    const read = parseQasm('angle[4] a = 9 * (pi / 8); bit[4] c = bit[4](a << 2); c = bit[4](-a);');
    expect(parseQasm(writeQasm(read))).toEqual(read);
  });

  it('writes names that are no identifiers another way', () => {
    const read = parseQasm(
      writeQasm({
        ...circuitOf(2, []),
        qubitRegisters: [
          { name: 'qubit', start: 0, size: 1 },
          { name: '2 ions', start: 1, size: 1 },
        ],
      }),
    );
    expect(read.qubitRegisters.map(({ name }) => name)).toEqual(['q_qubit', 'q_2_ions']);
  });

  it.each<[Instruction, string]>([
    [{ kind: 'noise', channel: 'x_error', params: [0.1], qubits: [0] }, 'no noise'],
    [{ kind: 'detector', records: [-1], coordinates: [] }, 'no detector'],
    [{ kind: 'measure', qubit: 0, bit: 0, flip: 0.1 }, 'told wrong'],
    [{ kind: 'unitary', matrix: GATES.get('swap')!.matrix(), qubits: [0, 1] }, 'a matrix'],
  ])('says what the language cannot say: $0.kind', (instruction, reason) => {
    expect(() => writeQasm(circuitOf(2, [instruction]))).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED', message: expect.stringContaining(reason) }),
    );
  });
});

describe('a circuit written as OpenQASM 2', () => {
  // Version 2 has no global phase, so that U is u3 there.
  const without = new Set(['gphase', 'U']);
  it.for(ofTable.filter(({ body }) => body[0]?.kind === 'gate' && !without.has(body[0].gate)))(
    'keeps every gate of the table: $body.0.gate',
    (circuit) => {
      expect(parseQasm(writeQasm(circuit, { version: 2 }))).toEqual(circuit);
    },
  );

  it('keeps measurements, resets, barriers and a register that is compared', () => {
    const circuit = circuitOf(2, [
      { kind: 'measure', qubit: 0, bit: 1 },
      { kind: 'reset', qubit: 0 },
      { kind: 'barrier', qubits: [1, 0] },
      {
        kind: 'if',
        condition: {
          kind: 'binary',
          op: '==',
          left: { kind: 'bits', start: 0, size: 2 },
          right: { kind: 'literal', value: 3n },
        },
        then: [{ kind: 'gate', gate: 'x', params: [], qubits: [1] }],
        else: [],
      },
    ]);
    expect(parseQasm(writeQasm(circuit, { version: 2 }))).toEqual(circuit);
  });

  it('puts gates of qelib1.inc for controls, and refuses controls without one', () => {
    const controlled = (gate: string, value: 0 | 1): Circuit =>
      circuitOf(2, [
        { kind: 'gate', gate, params: [], qubits: [1], controls: [{ qubit: 0, value }] },
      ]);
    expect(writeQasm(controlled('x', 1), { version: 2 })).toContain('cx q[0], q[1];');
    expect(() => writeQasm(controlled('x', 0), { version: 2 })).toThrow(CircuitError);
    expect(() => writeQasm(controlled('t', 1), { version: 2 })).toThrow('no gate for t');
  });
});
