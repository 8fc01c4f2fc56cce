import {
  CircuitError,
  type Circuit,
  type CustomGate,
  type Expression,
  type Instruction,
} from '@anarq/circuit';
import { describe, expect, it } from 'vitest';
import { Random, type Observable, type PauliFactor } from '../../src/index.ts';
import { compile } from '../../src/stabiliser/compile.ts';
import { expectationOf } from '../../src/stabiliser/expectation.ts';
import { productOf } from '../../src/stabiliser/pauliProduct.ts';
import { runStabiliser } from '../../src/stabiliser/run.ts';
import { circuitOf, gate, measure, randomCircuit, randomGate, when } from './circuits.ts';
import { PlainVector, runOn } from './plain.ts';

const factorsOf = (text: string): PauliFactor[] =>
  Array.from(text).flatMap((pauli, qubit) =>
    pauli === 'X' || pauli === 'Y' || pauli === 'Z' ? [{ qubit, pauli } as const] : [],
  );
const product = (text: string): Observable => [{ coefficient: 1, factors: factorsOf(text) }];
const valueOf = (circuit: Circuit, text: string): number =>
  runStabiliser({ circuit, shots: 0, seed: 0n, observables: [product(text)] }).expectations[0]!
    .value;
const randomProduct = (random: Random, qubits: number): string =>
  Array.from({ length: qubits }, () => '_XYZ'[random.below(4)]).join('');

describe('a task by the stabiliser method', () => {
  it('entangles a thousand qubits into a GHZ state', () => {
    const qubits = 1000;
    const chain = Array.from({ length: qubits - 1 }, (_, k) => gate('cx', k, k + 1));
    const circuit = circuitOf(qubits, qubits, [
      gate('h', 0),
      ...chain,
      ...Array.from({ length: qubits }, (_, k) => measure(k, k)),
    ]);
    const { counts } = runStabiliser({ circuit, shots: 20, seed: 1n });
    expect([...counts.keys()].toSorted()).toEqual(['0'.repeat(qubits), '1'.repeat(qubits)]);
    const unmeasured = circuitOf(qubits, 0, [gate('h', 0), ...chain]);
    expect(valueOf(unmeasured, 'X'.repeat(qubits))).toBe(1);
    expect(valueOf(unmeasured, `Z${'_'.repeat(qubits - 2)}Z`)).toBe(1);
    expect(valueOf(unmeasured, 'Z')).toBe(0);
  });

  it('teleports each of the six Pauli states, with corrections that depend on results', () => {
    const states = [[], ['x'], ['h'], ['x', 'h'], ['h', 's'], ['h', 'sdg']] as const;
    const values = ['Z', 'Z', 'X', 'X', 'Y', 'Y'].map((letter, at) => [letter, 1 - 2 * (at % 2)]);
    for (const [at, gates] of states.entries()) {
      const circuit = circuitOf(3, 2, [
        ...gates.map((name) => gate(name, 0)),
        gate('h', 1),
        gate('cx', 1, 2),
        gate('cx', 0, 1),
        gate('h', 0),
        measure(0, 0),
        measure(1, 1),
        when(1, gate('x', 2)),
        when(0, gate('z', 2)),
      ]);
      const [letter, value] = values[at]!;
      expect(valueOf(circuit, `__${letter}`)).toBe(value);
    }
  });

  it('writes counts by registers, each with its highest bit first', () => {
    const circuit = {
      ...circuitOf(3, 3, [gate('x', 0), measure(0, 0), measure(1, 1), gate('x', 2), measure(2, 2)]),
      bitRegisters: [
        { name: 'a', start: 0, size: 2 },
        { name: 'b', start: 2, size: 1 },
      ],
    };
    expect(runStabiliser({ circuit, shots: 7, seed: 0n }).counts).toEqual(new Map([['011', 7]]));
  });

  it('computes expectation values as a state vector has them on average over its results', () => {
    for (let seed = 1n; seed <= 300n; seed += 1n) {
      const random = new Random(seed);
      const qubits = 1 + random.below(4);
      const body: Instruction[] = [];
      for (let k = 0; k < 14; k += 1) {
        const qubit = random.below(qubits);
        const kind = random.below(10);
        if (kind === 0) body.push(measure(qubit, random.below(2)));
        else if (kind === 1) body.push({ kind: 'reset', qubit });
        else if (kind === 2)
          body.push({
            kind: 'if',
            condition: { kind: 'bit', bit: random.below(2) },
            then: [gate('y', qubit)],
            else: [gate(random.below(2) === 0 ? 'x' : 'z', random.below(qubits))],
          });
        else body.push(randomGate(random, qubits));
      }
      const circuit = circuitOf(qubits, 2, body);
      const text = randomProduct(random, qubits);
      expect(valueOf(circuit, text), `seed ${seed}`).toBeCloseTo(averageOf(circuit, text), 9);
    }
  });

  it('makes expectation values smaller by noise as closed forms say', () => {
    const p = 0.03;
    const noise = (channel: string, ...qubits: number[]): Instruction => ({
      kind: 'noise',
      channel,
      params: [p],
      qubits,
    });
    const bell = [gate('h', 0), gate('cx', 0, 1)];
    const one = circuitOf(2, 0, [...bell, noise('depolarizing1', 0, 1)]);
    expect(valueOf(one, 'XX')).toBeCloseTo((1 - (4 * p) / 3) ** 2, 12);
    expect(valueOf(one, 'YY')).toBeCloseTo(-((1 - (4 * p) / 3) ** 2), 12);
    const two = circuitOf(2, 0, [...bell, noise('depolarizing2', 0, 1)]);
    expect(valueOf(two, 'ZZ')).toBeCloseTo(1 - (16 * p) / 15, 12);
    const repeated = circuitOf(1, 0, [
      { kind: 'repeat', times: 1000, body: [noise('x_error', 0)] },
    ]);
    expect(valueOf(repeated, 'Z')).toBeCloseTo((1 - 2 * p) ** 1000, 12);
  });

  it('samples expectation values where the flow depends on results, and says how sure they are', () => {
    const circuit = circuitOf(2, 1, [gate('h', 0), measure(0, 0), when(0, gate('h', 1))]);
    const observables = [product('_X'), product('_Z')];
    const { expectations } = runStabiliser({ circuit, shots: 4000, seed: 3n, observables });
    for (const { value, standardError } of expectations) {
      expect(Math.abs(value - 0.5)).toBeLessThan(4 * standardError);
      expect(standardError).toBeCloseTo(0.5 / Math.sqrt(4000), 3);
    }
    expect(() => runStabiliser({ circuit, shots: 0, seed: 3n, observables })).toThrow(
      /ask for shots/,
    );
  });

  it('computes with what it measured: loops, variables and registers', () => {
    // Throws a coin until it shows 1 and counts the throws: k with probability 2^-k.
    const literal = (value: bigint): Expression => ({ kind: 'literal', value });
    const throws: Expression = { kind: 'variable', variable: 0 };
    const circuit: Circuit = {
      ...circuitOf(1, 9, [
        {
          kind: 'while',
          condition: { kind: 'unary', op: '!', of: { kind: 'bit', bit: 0 } },
          body: [
            { kind: 'reset', qubit: 0 },
            gate('h', 0),
            measure(0, 0),
            {
              kind: 'assign',
              to: { kind: 'variable', variable: 0 },
              value: { kind: 'binary', op: '+', left: throws, right: literal(1n) },
            },
            {
              kind: 'if',
              condition: { kind: 'binary', op: '==', left: throws, right: literal(5n) },
              then: [{ kind: 'break' }],
              else: [],
            },
          ],
        },
        { kind: 'assign', to: { kind: 'bits', start: 1, size: 8 }, value: throws },
      ]),
      variables: [{ name: 'throws', type: { kind: 'uint', width: 8 } }],
    };
    const shots = 8000;
    const { counts } = runStabiliser({ circuit, shots, seed: 2n });
    expect([...counts.keys()].toSorted()).toEqual(
      ['000000011', '000000101', '000000111', '000001001', '000001010', '000001011'].toSorted(),
    );
    for (let k = 1; k <= 4; k += 1) {
      const key = `${k.toString(2).padStart(8, '0')}1`;
      // Five standard deviations: four of these fail for one seed in 400,000.
      const [mean, sigma] = [shots / 2 ** k, Math.sqrt((shots / 2 ** k) * (1 - 2 ** -k))];
      expect(Math.abs(counts.get(key)! - mean), key).toBeLessThan(5 * sigma);
    }
  });

  it('ends loops that do not end, and numbers that get too large', () => {
    const forever = circuitOf(1, 1, [
      { kind: 'while', condition: { kind: 'literal', value: true }, body: [gate('x', 0)] },
    ]);
    expect(() => runStabiliser({ circuit: forever, shots: 1, seed: 0n })).toThrow(/1000000 rounds/);
    expect(() =>
      runStabiliser({ circuit: circuitOf(100_000, 1, [measure(0, 0)]), shots: 1, seed: 0n }),
    ).toThrow(/tableau of 100000 qubits takes \d+ bytes/);
    const bomb: CustomGate[] = Array.from({ length: 50 }, (_, k) => ({
      name: `g${k}`,
      parameters: [],
      qubits: 1,
      body: k === 0 ? [] : [gate(`g${k - 1}`, 0), gate(`g${k - 1}`, 0)],
    }));
    const nested = { ...circuitOf(1, 0, [gate('g49', 0)]), customGates: bomb };
    expect(() => compile(nested)).toThrow(/expand to more than/);
  });

  it.each([
    ['t', gate('t', 1), /t on qubit 1 is not a Clifford gate/],
    [
      'rz',
      { kind: 'gate', gate: 'rz', params: [{ kind: 'literal', value: 0.3 }], qubits: [0] },
      /rz\(0.3\)/,
    ],
    ['ccx', gate('ccx', 0, 1, 2), /ccx on qubit 0, 1, 2/],
    ['controlled h', { ...gate('h', 0), controls: [{ qubit: 1, value: 1 }] }, /Controlled h/],
  ] as [string, Instruction, RegExp][])('refuses %s and names it', (_, instruction, message) => {
    expect(() => compile(circuitOf(3, 0, [instruction]))).toThrow(message);
    expect(() => compile(circuitOf(3, 0, [instruction]))).toThrow(CircuitError);
  });

  it('takes gates that are Clifford by their angles, matrices and controls', () => {
    const angle = (name: string, value: number, ...qubits: number[]): Instruction => ({
      kind: 'gate',
      gate: name,
      params: [{ kind: 'literal', value }],
      qubits,
    });
    const circuit = circuitOf(2, 0, [
      angle('ry', Math.PI / 2, 0),
      { ...gate('x', 1), controls: [{ qubit: 0, value: 0 }] },
      angle('rzz', -Math.PI / 2, 0, 1),
      angle('cp', Math.PI, 0, 1),
    ]);
    const vector = new PlainVector(2);
    vector.gate('sqrt_y', [0]);
    vector.gate('x', [1]);
    vector.gate('cx', [0, 1]);
    // rzz(-pi/2) is cx, sdg on the target, cx; and cp(pi) is cz.
    vector.gate('cx', [0, 1]);
    vector.gate('sdg', [1]);
    vector.gate('cx', [0, 1]);
    vector.gate('cz', [0, 1]);
    for (const text of ['XY', 'YX', 'ZZ', 'XX', 'YY', 'Z_', '_Z', 'XZ', 'ZX', 'YZ', 'ZY'])
      expect(expectationOf(compile(circuit), productOf(2, factorsOf(text))), text).toBeCloseTo(
        vector.expectation(`+${text}`),
        9,
      );
  });

  it('is the same for the same seed', () => {
    const circuit = randomCircuit(new Random(5n), 5, 40);
    const counts = (seed: bigint): [string, number][] => [
      ...runStabiliser({ circuit, shots: 50, seed }).counts,
    ];
    expect(counts(9n)).toEqual(counts(9n));
    expect(counts(9n)).not.toEqual(counts(10n));
  });
});

/** Over all ways that random results can come out, each as likely. */
function averageOf(circuit: Circuit, text: string): number {
  let sum = 0;
  const visit = (forced: readonly number[]): void => {
    const vector = new PlainVector(circuit.qubits);
    let used = 0;
    runOn(vector, circuit, () => {
      used += 1;
      return forced[used - 1] ?? 0;
    });
    if (used > forced.length) {
      visit([...forced, 0]);
      visit([...forced, 1]);
    } else sum += vector.expectation(`+${text}`) / 2 ** used;
  };
  visit([]);
  return sum;
}
