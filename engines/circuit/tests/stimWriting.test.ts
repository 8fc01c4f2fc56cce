import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cliffordOf,
  GATES,
  parseStim,
  repetitionCode,
  STIM_CHANNELS,
  STIM_GATES,
  surfaceCode,
  unitaryOf,
  validate,
  writeStim,
  type Instruction,
} from '../src/index.ts';
import { aGate, circuitWith, gateOn } from './circuits.ts';

const measureTo = (bit: number): Instruction => ({ kind: 'measure', qubit: 0, bit });

describe('a circuit written as .stim', () => {
  const qubits = (count: number) =>
    fc
      .shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: count, maxLength: count })
      .map((list) => list.join(' '));
  const probability = fc.double({ min: 0, max: 1 / 16, noNaN: true });
  const line: fc.Arbitrary<string> = fc.oneof(
    fc
      .constantFrom(...STIM_GATES)
      .chain(([name, gate]) => qubits(gate.qubits).map((list) => `${name} ${list}`)),
    fc
      .constantFrom(...STIM_CHANNELS)
      .chain(([name, channel]) =>
        fc
          .tuple(fc.tuple(...channel.params.map(() => probability)), qubits(channel.qubits))
          .map(([params, list]) => `${name}(${params.join(', ')}) ${list}`),
      ),
    fc
      .tuple(fc.constantFrom('M', 'MX', 'MY', 'MR', 'MRX', 'MRY', 'R', 'RX', 'RY'), qubits(2))
      .map((words) => words.join(' ')),
    fc.tuple(probability, qubits(2)).map(([p, list]) => `MZZ(${p}) !${list}\nM(${p}) !${list}`),
    fc.constantFrom(
      'TICK',
      'DETECTOR(0.5, -1) rec[-1] rec[-2]',
      'DETECTOR rec[-1]',
      'OBSERVABLE_INCLUDE(2) rec[-2]',
      'SHIFT_COORDS(0, 1)',
      'QUBIT_COORDS(3, 4) 1 2',
      'CX rec[-1] 2 rec[-2] 3',
      'CY rec[-1] 0',
      'CZ 4 rec[-1]',
      'MPP X0*Y1*!Z2 Z5',
      'SPP_DAG X1*X2',
      'E(0.25) X0 Y1 Z2',
    ),
  );
  const lines = fc.array(line, { maxLength: 12 }).map((list) => list.join('\n'));
  const text = fc
    .tuple(lines, lines, fc.integer({ min: 1, max: 1000 }), lines)
    .map(([a, b, times, c]) => `M 0 1\n${a}\nREPEAT ${times} {\n${b}\n}\n${c}\n`);

  it('reads again as the same circuit', () => {
    fc.assert(
      fc.property(text, (written) => {
        const circuit = parseStim(written);
        validate(circuit);
        const again = writeStim(circuit);
        expect(parseStim(again)).toEqual(circuit);
        expect(writeStim(parseStim(again))).toBe(again);
      }),
      { numRuns: 80, seed: 5 },
    );
  });

  it('is read the same for the codes that are generated', () => {
    for (const circuit of [
      surfaceCode({ distance: 3, rounds: 4, noise: 0.01, basis: 'X' }),
      repetitionCode({ distance: 5, rounds: 2, noise: 0.5 }),
    ]) {
      const { name, ...rest } = circuit;
      expect(name).toContain('code');
      expect(parseStim(writeStim(circuit))).toEqual(rest);
    }
  });

  it('does what the circuit does, whatever names its Cliffords had', () => {
    const gates = [...GATES.values()].filter(
      (gate) => gate.qubits <= 2 && (gate.params.length > 0 || gate.stabiliser !== undefined),
    );
    const quarter = fc.integer({ min: -4, max: 4 }).map((k) => (k * Math.PI) / 2);
    const cliffords = fc
      .array(fc.tuple(aGate(3, [], gates), fc.array(quarter, { minLength: 4, maxLength: 4 })), {
        minLength: 1,
        maxLength: 3,
      })
      .map((list) =>
        list.map(([gate, angles]) => ({
          ...gate,
          params: gate.params.map((_, at) => ({ kind: 'literal' as const, value: angles[at]! })),
        })),
      );
    let written = 0;
    fc.assert(
      fc.property(cliffords, (body) => {
        const circuit = circuitWith(3, body);
        let again;
        try {
          again = parseStim(writeStim(circuit));
        } catch (error) {
          // Some controlled turns by a quarter are no Cliffords.
          expect(error).toMatchObject({ code: 'UNSUPPORTED' });
          return;
        }
        written += 1;
        expect(again.qubits).toBe(3);
        expect(cliffordOf(unitaryOf(again))).toEqual(cliffordOf(unitaryOf(circuit)));
      }),
      { numRuns: 150, seed: 5 },
    );
    expect(written).toBeGreaterThan(40);
  });

  it('finds the result that a bit holds, also after a loop', () => {
    const when = (bit: number): Instruction => ({
      kind: 'if',
      condition: { kind: 'bit', bit },
      then: [gateOn('x', [1]), gateOn('z', [1])],
      else: [],
    });
    const body: Instruction[] = [
      measureTo(0),
      { kind: 'repeat', times: 5, body: [measureTo(1), when(1), measureTo(2)] },
      when(0),
      when(1),
    ];
    expect(writeStim(circuitWith(2, body, { bits: 3 })).replaceAll('\n', ';')).toBe(
      'M 0;REPEAT 5 {;    M 0;    CX rec[-1] 1;    CZ rec[-1] 1;    M 0;};' +
        'CX rec[-11] 1;CZ rec[-11] 1;CX rec[-2] 1;CZ rec[-2] 1;',
    );
  });

  it.each<[string, Instruction]>([
    ['no Clifford', gateOn('t', [0])],
    ['a turn by no quarter', gateOn('rz', [0], 0.1)],
    ['many controls', gateOn('ccx', [0, 1, 2])],
    [
      'no mixture of Paulis',
      { kind: 'noise', channel: 'amplitude_damping', params: [0.1], qubits: [0] },
    ],
    ['a loop on a condition', { kind: 'while', condition: { kind: 'bit', bit: 0 }, body: [] }],
    [
      'a bit that is not measured',
      { kind: 'if', condition: { kind: 'bit', bit: 0 }, then: [gateOn('x', [0])], else: [] },
    ],
    [
      'an assignment',
      { kind: 'assign', to: { kind: 'bit', bit: 0 }, value: { kind: 'literal', value: true } },
    ],
  ])('is refused: %s', (_, instruction) => {
    expect(() => writeStim(circuitWith(3, [instruction], { bits: 1 }))).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED' }),
    );
  });
});
