import { afterAll, describe, expect, it } from 'vitest';
import { ComputeThread } from '../src/work/computeThread.ts';
import { Refused, type Refusal, type Source } from '../src/work/orders.ts';

const HEAP_BYTES = 512 * 2 ** 20;
const thread = new ComputeThread(HEAP_BYTES);
afterAll(() => thread.end());

const refusalOf = async (source: Source, observables: string[] = []): Promise<Refusal> => {
  try {
    await thread.perform({ kind: 'plan', source, asked: { observables }, memory_bytes: 2 ** 30 });
  } catch (error) {
    if (error instanceof Refused) return error.refusal;
    throw error;
  }
  throw new Error('it was not refused');
};

const q2 = (...lines: string[]) =>
  ['OPENQASM 2.0;', 'include "qelib1.inc";', 'qreg q[2];', 'creg c[2];', ...lines].join('\n');
const q3 = (...lines: string[]) =>
  ['OPENQASM 3.0;', 'include "stdgates.inc";', 'qubit[2] q;', 'bit[2] c;', ...lines].join('\n');
const nested = (depth: number, open: string, close: string) =>
  `${open.repeat(depth)}${close.repeat(depth)}`;

const repeats = (depth: number): object[] =>
  depth === 0 ? [] : [{ kind: 'repeat', times: 1, body: repeats(depth - 1) }];

describe('a circuit that is refused, with its place', () => {
  it.each<[string, string, string, number]>([
    ['an unknown gate', q2('foo q[0];'), 'SEMANTICS', 5],
    ['a qubit out of range', q2('h q[2];'), 'SEMANTICS', 5],
    ['one qubit twice', q2('cx q[0],q[0];'), 'SEMANTICS', 5],
    ['an end that is missing', q2('h q[0]'), 'SYNTAX', 5],
    ['a bracket that is missing', q2('h q[0;'), 'SYNTAX', 5],
    ['a character that is none of the language', q2('h q[0]; \u0007'), 'SYNTAX', 5],
    ['an angle that is no number', q2('rz(0/0) q[0];'), 'SEMANTICS', 5],
    ['an angle beyond all bounds', q3('rz(1e308*1e308) q[0];'), 'SEMANTICS', 5],
    ['a register beyond the limit', 'OPENQASM 3.0;\nqubit[4000000000] q;', 'LIMIT', 2],
    ['bits beyond the limit', 'OPENQASM 3.0;\nbit[4000000000] c;', 'LIMIT', 2],
    ['parentheses nested deeply', q3(`rz(${nested(100_000, '(', ')')}) q[0];`), 'LIMIT', 5],
    ['blocks nested deeply', q3(nested(10_000, 'if (c[0]) {\n', '}')), 'LIMIT', 0],
    ['a loop without an end', q3('for int i in [0:1000000000000] { h q[0]; }'), 'LIMIT', 5],
    ['a file that is included', q3('include "/etc/passwd";'), 'SEMANTICS', 5],
    ['a file that includes itself', q2('include "qelib1.inc/../../circuit.qasm";'), 'SEMANTICS', 5],
    ['another version', 'OPENQASM 9.0;\nqubit q;', 'UNSUPPORTED', 1],
    ['JSON that ends too soon', '{"qubits": 2,\n "bits": ', 'SYNTAX', 2],
  ])('%s', async (_, text, code, line) => {
    const refusal = await refusalOf({ text });
    expect(refusal).toMatchObject({
      code,
      line: line === 0 ? (expect.any(Number) as unknown) : line,
    });
    expect(refusal.excerpt?.length).toBeLessThanOrEqual(100);
    expect(refusal.message.length).toBeLessThan(500);
  });

  it.each<[string, object | string, string]>([
    ['qubits without registers', { qubits: 2 }, 'SEMANTICS'],
    ['a member that is none', { colour: 'red' }, 'SEMANTICS'],
    ['an instruction that is none', { body: [{ kind: 'jump' }] }, 'SEMANTICS'],
    ['a qubit that is none', { body: [{ kind: 'reset', qubit: 7 }] }, 'SEMANTICS'],
    ['a qubit that is no number', { body: [{ kind: 'reset', qubit: '0' }] }, 'SEMANTICS'],
    [
      'a matrix that is not unitary in size',
      { body: [{ kind: 'unitary', qubits: [0], matrix: [1] }] },
      'SEMANTICS',
    ],
    ['a list in place of a circuit', '{"__proto__": []}', 'SEMANTICS'],
    ['bodies nested deeply', { body: repeats(500) }, 'LIMIT'],
  ])('as JSON: %s', async (_, given, code) => {
    const whole = {
      qubits: 1,
      qubitRegisters: [{ name: 'q', start: 0, size: 1 }],
      bits: 0,
      bitRegisters: [],
      variables: [],
      parameters: [],
      customGates: [],
      body: [],
    };
    const text = typeof given === 'string' ? given : JSON.stringify({ ...whole, ...given });
    expect(await refusalOf({ text })).toMatchObject({ code });
  });

  it.each<[string, Partial<Source>, string[]]>([
    ['a parameter without a value', { text: q3('input float[64] a;', 'rz(a) q[0];') }, []],
    ['a value without a parameter', { parameters: { b: 1 } }, []],
    [
      'a channel that is none',
      { noiseModel: { afterGate1: [{ channel: 'fog', params: [] }] } },
      [],
    ],
    ['a member of noise that is none', { noiseModel: { fog: 1 } }, []],
    ['noise in two ways', { noise: 0.1, noiseModel: { measurementFlip: 0.1 } }, []],
    ['noise beyond 1', { noiseModel: { measurementFlip: 2 } }, []],
    ['an observable of a qubit that is none', {}, ['Z7']],
  ])('%s', async (_, more, observables) => {
    const refusal = await refusalOf({ text: q3('h q[0];'), ...more }, observables);
    expect(['SEMANTICS', 'INPUT']).toContain(refusal.code);
  });
});
