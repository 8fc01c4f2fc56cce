import type { Circuit, Expression, Instruction, Variable } from '@anarq/circuit';
import { describe, expect, it } from 'vitest';
import { compile, Machine, ReferenceState, runShots } from '../../src/interpreter/index.ts';
import {
  binary,
  bit,
  bits,
  circuitOf,
  gate,
  literal,
  measure,
  noise,
  reset,
  variable,
  when,
} from '../building.ts';

const run = (circuit: Circuit, shots = 200, seed = 1n) =>
  runShots(compile(circuit), new ReferenceState(circuit.qubits), {
    shots,
    seed,
    observables: [],
  });
const countsOf = (circuit: Circuit, shots = 200): Record<string, number> =>
  Object.fromEntries(run(circuit, shots).counts);
const uint = (name: string, width: number): Variable => ({ name, type: { kind: 'uint', width } });

describe('a shot', () => {
  it('teleports a state, corrected by what was measured', () => {
    const body = [
      gate('ry', [0], [1.1]),
      gate('rz', [0], [0.4]),
      gate('h', [1]),
      gate('cx', [1, 2]),
      gate('cx', [0, 1]),
      gate('h', [0]),
      measure(0, 0),
      measure(1, 1),
      when(bit(1), [gate('x', [2])]),
      when(bit(0), [gate('z', [2])]),
      gate('rz', [2], [-0.4]),
      gate('ry', [2], [-1.1]),
      measure(2, 2),
    ];
    const counts = countsOf(circuitOf(3, 3, body), 400);
    expect(Object.keys(counts).toSorted()).toEqual(['000', '001', '010', '011']);
    // 100 each are expected; more than 5 standard deviations away happens once in a million.
    for (const count of Object.values(counts)) expect(Math.abs(count - 100)).toBeLessThan(44);
  });

  it('repeats until a condition holds, and leaves with break', () => {
    const untilOne: Instruction = {
      kind: 'while',
      condition: binary(bit(0), '==', literal(0n)),
      body: [gate('h', [0]), measure(0, 0)],
    };
    expect(countsOf(circuitOf(1, 1, [untilOne]))).toEqual({ '1': 200 });
    const left: Instruction = {
      kind: 'while',
      condition: literal(true),
      body: [gate('h', [0]), measure(0, 0), when(bit(0), [{ kind: 'break' }])],
    };
    expect(countsOf(circuitOf(1, 1, [left, gate('x', [0]), measure(0, 0)]))).toEqual({ '0': 200 });
  });

  it('counts rounds in variables, skips some with continue, and stops with end', () => {
    const add = (at: number, value: bigint): Instruction => ({
      kind: 'assign',
      to: { kind: 'variable', variable: at },
      value: binary(variable(at), '+', literal(value)),
    });
    const rounds: Instruction = {
      kind: 'repeat',
      times: 10,
      body: [
        add(0, 1n),
        when(binary(binary(variable(0), '%', literal(2n)), '==', literal(0n)), [
          { kind: 'continue' },
        ]),
        add(1, 3n),
      ],
    };
    const store: Instruction = {
      kind: 'assign',
      to: { kind: 'bits', start: 0, size: 8 },
      value: variable(1),
    };
    const declared = [uint('i', 8), uint('sum', 8)];
    expect(countsOf(circuitOf(1, 8, [rounds, store], declared), 3)).toEqual({ '00001111': 3 });
    const stopped = circuitOf(1, 8, [rounds, { kind: 'end' }, store], declared);
    expect(countsOf(stopped, 3)).toEqual({ '00000000': 3 });
  });

  it('wraps what an integer of its width cannot hold', () => {
    const body: Instruction[] = [
      {
        kind: 'assign',
        to: { kind: 'variable', variable: 0 },
        value: binary(literal(250n), '+', literal(10n)),
      },
      { kind: 'assign', to: { kind: 'bits', start: 0, size: 4 }, value: variable(0) },
    ];
    expect(countsOf(circuitOf(1, 4, body, [uint('a', 8)]), 1)).toEqual({ '0100': 1 });
  });

  it('turns by an angle that was computed from what was measured', () => {
    const angle: Variable = { name: 'a', type: { kind: 'angle', width: 4 } };
    const body = [
      gate('x', [0]),
      measure(0, 0),
      {
        kind: 'assign',
        to: { kind: 'variable', variable: 0 },
        value: binary(bits(0, 1), '*', literal(Math.PI)),
      } satisfies Instruction,
      gate('rx', [1], [variable(0)]),
      measure(1, 1),
    ];
    expect(countsOf(circuitOf(2, 2, body, [angle]), 20)).toEqual({ '11': 20 });
  });

  it('resets a qubit that is entangled', () => {
    const body = [gate('h', [0]), gate('cx', [0, 1]), reset(0), measure(0, 0), measure(1, 1)];
    const counts = countsOf(circuitOf(2, 2, body), 400);
    expect(Object.keys(counts).toSorted()).toEqual(['00', '10']);
    expect(Math.abs(counts['00']! - 200)).toBeLessThan(50);
  });

  it('tells a result wrong as often as it says, and inverted where it says', () => {
    const counts = countsOf(circuitOf(1, 1, [measure(0, 0, 0.25)]), 4_000);
    // 1,000 expected, standard deviation 27.
    expect(Math.abs(counts['1']! - 1_000)).toBeLessThan(137);
    expect(
      countsOf(circuitOf(1, 1, [{ kind: 'measure', qubit: 0, bit: 0, inverted: true }]), 5),
    ).toEqual({ '1': 5 });
  });

  it('keeps parities of the record for detectors and observables, over rounds', () => {
    const body: Instruction[] = [
      gate('x', [0]),
      {
        kind: 'repeat',
        times: 3,
        body: [
          measure(0, 0),
          measure(1, 1),
          { kind: 'detector', records: [-1, -2], coordinates: [] },
        ],
      },
      { kind: 'detector', records: [-2, -4], coordinates: [] },
      { kind: 'observable', index: 1, records: [-2] },
    ];
    const machine = new Machine(compile(circuitOf(2, 2, body)));
    const state = new ReferenceState(2);
    for (let one = machine.next(); one !== undefined; one = machine.next()) {
      if (one.op === 'apply') state.apply(one.matrix, one.qubits, one.controls);
      if (one.op === 'measure')
        machine.tell(one, state.reduced([one.qubit])[6]! > 0.5 ? 1 : 0, false);
    }
    expect(machine.detectors).toEqual([1, 1, 1, 0]);
    expect(machine.observables).toEqual([0, 1]);
  });

  it('shows registers in the order of declaration, each with its highest bit first', () => {
    const circuit: Circuit = {
      ...circuitOf(1, 5, [gate('x', [0]), measure(0, 0), measure(0, 3)]),
      bitRegisters: [
        { name: 'a', start: 0, size: 3 },
        { name: 'b', start: 3, size: 2 },
      ],
    };
    expect(countsOf(circuit, 2)).toEqual({ '00101': 2 });
  });

  it('comes out the same with the same seed, and differently with another', () => {
    const body = [gate('h', [0]), measure(0, 0), when(bit(0), [gate('h', [1])]), measure(1, 1)];
    const circuit = circuitOf(2, 2, body);
    expect([...run(circuit, 300, 7n).counts]).toEqual([...run(circuit, 300, 7n).counts]);
    expect([...run(circuit, 300, 7n).counts]).not.toEqual([...run(circuit, 300, 8n).counts]);
  });
});

const assign = (value: Expression): Instruction => ({
  kind: 'assign',
  to: { kind: 'bit', bit: 0 },
  value,
});

describe('what a circuit may not ask for is refused', () => {
  it.each<[string, Instruction, string, RegExp]>([
    [
      'a loop without an end',
      { kind: 'while', condition: literal(true), body: [] },
      'LIMIT',
      /1000000 rounds/,
    ],
    ['a qubit that is not there', gate('x', [2]), 'SEMANTICS', /no qubit 2/],
    ['a bit that is not there', measure(0, 2), 'SEMANTICS', /no bit 2/],
    ['a gate that is not there', gate('magic', [0]), 'SEMANTICS', /no gate "magic"/],
    ['a break outside of a loop', { kind: 'break' }, 'SEMANTICS', /outside of a loop/],
    [
      'a result that is not there',
      { kind: 'detector', records: [-1], coordinates: [] },
      'SEMANTICS',
      /points to no result/,
    ],
    ['a qubit twice in one gate', gate('cx', [1, 1]), 'SEMANTICS', /twice/],
    ['a probability of 2', measure(0, 0, 2), 'SEMANTICS', /probability 2/],
    ['an angle that is no number', gate('rx', [0], [Number.NaN]), 'SEMANTICS', /NaN/],
    [
      'noise with a probability of 2',
      noise('amplitude_damping', [2], [0]),
      'SEMANTICS',
      /from 0 to 1, not 2/,
    ],
    [
      'a division by zero',
      assign(binary(literal(1n), '/', bit(0))),
      'SEMANTICS',
      /[Dd]ivision by zero/,
    ],
    [
      'a power of a billion bits',
      assign(binary(literal(3n), '**', literal(10n ** 9n))),
      'LIMIT',
      /65536 bits/,
    ],
    [
      'a shift by a billion bits',
      assign(binary(literal(1n), '<<', literal(10n ** 9n))),
      'LIMIT',
      /65536 bits/,
    ],
  ])('%s', (_, instruction, code, message) => {
    expect(() => run(circuitOf(2, 2, [instruction]), 1)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });
});
