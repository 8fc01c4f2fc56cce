import { describe, expect, it } from 'vitest';
import {
  type Circuit,
  evaluateAngle,
  type Instruction,
  parseQasm,
  unitaryOf,
} from '../../src/index.ts';

const STD = 'OPENQASM 3.1; include "stdgates.inc"; ';

/** Gates with their angles and qubits, as `rx(0.5) 0`, controls before. */
const calls = (body: readonly Instruction[]): string[] =>
  body.map((one) => {
    if (one.kind !== 'gate') return one.kind;
    const params = one.params.map((param) => evaluateAngle(param));
    const controls = (one.controls ?? []).map(
      ({ qubit, value }) => `${value === 1 ? '+' : '-'}${qubit}`,
    );
    return [
      `${one.gate}${params.length === 0 ? '' : `(${params.join(',')})`}`,
      ...controls,
      ...one.qubits,
    ].join(' ');
  });

const gatesOf = (text: string): string[] => calls(parseQasm(STD + text).body);

/** The largest difference between entries of the matrices of two circuits. */
function difference(left: Circuit, right: Circuit): number {
  const wanted = unitaryOf(right);
  return unitaryOf(left).reduce(
    (most, entry, at) => Math.max(most, Math.abs(entry - wanted[at]!)),
    0,
  );
}

describe('registers', () => {
  it('are gone through together, beside single qubits', () => {
    expect(gatesOf('qubit[2] a; qubit[2] b; qubit c; cx a, b; cx c, a; h b;')).toEqual(
      'cx 0 2;cx 1 3;cx 4 0;cx 4 1;h 2;h 3'.split(';'),
    );
    expect(() => gatesOf('qubit[2] a; qubit[3] b; cx a, b;')).toThrow('there are 2 and 3');
  });

  it('are cut, joined and indexed from the end', () => {
    expect(
      gatesOf(
        'qubit[6] q; let even = q[0:2:4]; let both = q[5:-2:3] ++ even[{2, 0}]; x both; z even[-1];',
      ),
    ).toEqual(['x 5', 'x 3', 'x 4', 'x 0', 'z 4']);
    expect(() => gatesOf('qubit[2] q; let a = q ++ q[1];')).toThrow('a part of itself');
    expect(() => gatesOf('qubit[2] q; let a = q[{1, 1}];')).toThrow('each once');
  });

  it('are measured bit by bit, in every way of writing it', () => {
    const measured = (text: string) =>
      parseQasm(text).body.map((one) => (one.kind === 'measure' ? [one.qubit, one.bit] : one.kind));
    const two = [
      [0, 0],
      [1, 1],
    ];
    expect(measured('qubit[2] q; bit[2] c; c = measure q;')).toEqual(two);
    expect(measured('qubit[2] q; bit[2] c; measure q -> c;')).toEqual(two);
    expect(measured('qubit[2] q; bit[2] c = measure q;')).toEqual(two);
    expect(measured('qubit[4] q; bit[4] c; c[{3, 0}] = measure q[1:2]; measure q[0];')).toEqual([
      [1, 3],
      [2, 0],
      [0, undefined],
    ]);
    expect(() => measured('qubit[2] q; bit[3] c; c = measure q;')).toThrow(
      '2 qubits are measured into 3 bits',
    );
  });
});

describe('modifiers of gates', () => {
  it('put controls before the operands, the outermost first', () => {
    expect(gatesOf('qubit[4] q; ctrl @ negctrl(2) @ rx(0.5) q[3], q[2], q[1], q[0];')).toEqual([
      'rx(0.5) +3 -2 -1 0',
    ]);
  });

  it.each([
    ['qubit[2] q; inv @ s q[0]; inv @ rx(0.3) q[1];', 'qubit[2] q; sdg q[0]; rx(-0.3) q[1];'],
    ['qubit q; pow(3) @ t q;', 'qubit q; t q; t q; t q;'],
    ['qubit q; pow(-2) @ sx q;', 'qubit q; inv @ x q;'],
    ['qubit q; pow(0.5) @ x q;', 'qubit q; sx q;'],
    ['qubit q; inv @ pow(0.5) @ s q;', 'qubit q; tdg q;'],
    ['qubit q; pow(1/3) @ h q; pow(1/3) @ h q; pow(1/3) @ h q;', 'qubit q; h q;'],
    [
      'qubit[2] q; pow(0.5) @ swap q[0], q[1]; pow(0.5) @ swap q[0], q[1];',
      'qubit[2] q; swap q[0], q[1];',
    ],
    [
      'qubit[3] q; pow(0.25) @ ctrl @ x q[0], q[2];',
      'qubit[3] q; ctrl @ pow(0.25) @ x q[0], q[2];',
    ],
    [
      'gate g(a) p, q { ry(a) p; cx p, q; s q; } qubit[3] q; inv @ g(0.4) q[2], q[0]; g(0.4) q[2], q[0];',
      'qubit[3] q; id q[0];',
    ],
    ['gate g(a) p { pow(a) @ h p; } qubit q; g(0.5) q; g(1.5) q;', 'qubit q; id q;'],
    [
      'gate g(a) p { pow(0.5) @ h p; rz(a) p; } qubit[2] q; ctrl @ g(0.3) q[1], q[0];',
      'qubit[2] q; ctrl @ pow(0.5) @ h q[1], q[0]; ctrl @ rz(0.3) q[1], q[0];',
    ],
    ['gate two q { for int i in [1:2] { t q; } } qubit q; two q;', 'qubit q; s q;'],
    ['qubit[2] q; ctrl @ gphase(0.7) q[1];', 'qubit[2] q; p(0.7) q[1];'],
    [
      'qubit[2] q; ctrl @ u3(0.1, 0.2, 0.3) q[0], q[1];',
      'qubit[2] q; ctrl @ gphase(-0.3) q[0]; ctrl @ U(0.1, 0.2, 0.3) q[0], q[1];',
    ],
  ])('%s is %s', (left, right) => {
    expect(difference(parseQasm(STD + left), parseQasm(STD + right))).toBeLessThan(1e-11);
  });

  it('need numbers where a power is no whole one', () => {
    expect(() => gatesOf('input float t; qubit q; pow(0.5) @ rx(t) q;')).toThrow(
      'known before the circuit runs',
    );
    expect(() => gatesOf('input float t; qubit q; pow(t) @ x q;')).toThrow(
      'known before the circuit runs',
    );
  });
});

describe('definitions of gates', () => {
  it('win over those of a standard file', () => {
    const { body, customGates } = parseQasm(
      'OPENQASM 2.0; gate h q { U(0,0,pi) q; } qreg q[1]; h q[0];',
    );
    expect(calls(body)).toEqual([`${customGates[0]!.name} 0`]);
    expect(calls(customGates[0]!.body)).toEqual([`u3(0,0,${Math.PI}) 0`]);
  });

  it('see constants, and neither qubits nor variables of the text', () => {
    expect(gatesOf('const float a = 0.5; gate g q { rx(2 * a) q; } qubit r; g r;')).toEqual([
      'g 0',
    ]);
    expect(() => gatesOf('qubit r; gate g q { x r; } g r;')).toThrow("'r' is not declared");
    expect(() => gatesOf('float a = 0.5; qubit r; gate g q { rx(a) q; } g r;')).toThrow(
      "'a' is not declared",
    );
  });

  it.each([
    ['qubit q; gate g p { measure p; }', 'made of gates'],
    ['opaque', "'opaque' is not declared"],
    ['qubit[2] q; cx q[0];', 'takes 2 qubits here, not 1'],
    ['qubit q; rx q;', 'takes 1 parameter, not 0'],
    ['qubit q; rx(true) q;', 'An angle is a number'],
    ['gate g p, p { }', 'declared already'],
    ['qubit q; bit q;', 'declared already'],
    ['bit c; x c;', 'is no qubit'],
    ['qubit q; let a = q ++ b;', "'b' is not declared"],
    ['qubit[3] q; x q[3];', 'outside'],
    ['qubit[3] q; x q[1.5];', 'whole number'],
  ])('%s is refused', (text, reason) => {
    expect(() => parseQasm(STD + (text === 'opaque' ? 'opaque;' : text))).toThrow(reason);
  });

  it('that are opaque are read and cannot be applied', () => {
    const text = 'OPENQASM 2.0; opaque g(a) p, q; qreg q[2];';
    expect(parseQasm(text).body).toEqual([]);
    expect(() => parseQasm(`${text} g(1) q[0], q[1];`)).toThrow("opaque gate 'g'");
  });
});

describe('constants', () => {
  it.each([
    ['2 + 3 * 4 ** 2 / 8', 8],
    ['3 / 5', 0.6],
    ['7 % 4 + int[8](2.9)', 5],
    ['-2 ** 2', -4],
    ['arccos(3 / 5) + log(euler) - sqrt(4.0)', Math.acos(0.6) + 1 - 2],
    ['tau / 2', Math.PI],
    ['float(uint[4](17))', 1],
    ['0b101 + 0xF + 0o17 + 1_000', 1035],
    ['popcount("1011") * 1.0', 3],
    ['mod(7, 4) + pow(2, 3)', 11],
    ['n / 2', 3],
    ['half * 4', 2],
    ['angle[4](9 * (pi / 8)) << 2', Math.PI / 2],
  ])('%s', (text, value) => {
    const text0 = `const int n = 7; const float half = 1 / 2; gphase(${text});`;
    expect(calls(parseQasm(text0).body)).toEqual([`gphase(${value})`]);
  });
});

describe('control flow', () => {
  it('is unrolled where it is known', () => {
    expect(gatesOf('qubit[5] q; for int i in [4:-2:0] { if (i != 2) x q[i]; }')).toEqual([
      'x 4',
      'x 0',
    ]);
    expect(gatesOf('qubit[5] q; for int i in {3, 1} h q[i];')).toEqual(['h 3', 'h 1']);
    expect(
      parseQasm(`${STD} qubit q; array[float, 2] a = {0.5, 1.5}; for float f in a rx(f) q;`).body,
    ).toMatchObject([
      { kind: 'assign' },
      { kind: 'assign' },
      { gate: 'rx', params: [{ kind: 'variable', variable: 0 }] },
      { gate: 'rx', params: [{ kind: 'variable', variable: 1 }] },
    ]);
    expect(
      gatesOf(
        'qubit q; const int n = 2; switch (n) { case 1 { x q; } case 2, 3 { y q; } default { z q; } }',
      ),
    ).toEqual(['y 0']);
    expect(
      gatesOf('qubit[3] q; int k = 0; for uint i in [0:2] { x q[k]; k += 1; }').filter(
        (one) => one !== 'assign',
      ),
    ).toEqual(['x 0', 'x 1', 'x 2']);
  });

  it('becomes a repetition where every round is the same', () => {
    expect(parseQasm(`${STD} qubit q; for uint i in [1:1000] { h q; }`).body).toMatchObject([
      { kind: 'repeat', times: 1000, body: [{ gate: 'h' }] },
    ]);
  });

  it('is a while of the circuit where its ends are known only then', () => {
    const { body, variables } = parseQasm(
      `${STD} qubit q; bit[4] c; uint[4] n = uint[4](c); for uint[4] i in [0:n] { rx(i) q; }`,
    );
    expect(variables.map(({ name }) => name)).toEqual(['n', 'i', 'end']);
    expect(body).toMatchObject([
      { kind: 'assign' },
      { kind: 'assign' },
      { kind: 'assign' },
      { kind: 'while', body: [{ gate: 'rx' }, { kind: 'assign' }] },
    ]);
  });

  it('keeps break and continue, in unrolled loops too', () => {
    const { body } = parseQasm(
      `${STD} qubit[2] q; bit c; for int i in [0:1] { c = measure q[i]; if (c) break; x q[i]; }`,
    );
    expect(body).toMatchObject([
      { kind: 'assign' },
      {
        kind: 'if',
        then: [
          {
            kind: 'repeat',
            times: 1,
            body: [
              { qubit: 0 },
              { kind: 'if', then: [{ kind: 'assign' }, { kind: 'break' }] },
              { qubits: [0] },
            ],
          },
        ],
      },
      { kind: 'if', then: [{ kind: 'repeat', times: 1 }] },
    ]);
    expect(() => parseQasm('break;')).toThrow('outside of a loop');
  });

  it('computes a condition that calls a subroutine in the loop', () => {
    const { body } = parseQasm(
      `${STD} qubit q; def f(qubit r) -> bit { h r; return measure r; } while (f(q)) { x q; }`,
    );
    expect(body).toMatchObject([
      {
        kind: 'while',
        condition: { kind: 'literal', value: true },
        body: [
          { gate: 'h' },
          { kind: 'measure' },
          { kind: 'if', then: [{ kind: 'break' }] },
          { gate: 'x' },
        ],
      },
    ]);
  });
});

describe('subroutines', () => {
  it('stand in the place of their calls, with bits of their own that no result tells', () => {
    const text = `${STD} qubit[2] q; bit c;
      def parity(qubit[2] r) -> bit { bit[2] b; b = measure r; return b[0] ^ b[1]; }
      c = parity(q);`;
    const { bitRegisters, body } = parseQasm(text);
    expect(bitRegisters).toEqual([
      { name: 'c', start: 0, size: 1 },
      { name: 'parity_result', start: 1, size: 1, internal: true },
      { name: 'b', start: 2, size: 2, internal: true },
    ]);
    expect(body.map(({ kind }) => kind)).toEqual([
      'assign',
      'measure',
      'measure',
      'assign',
      'assign',
    ]);
  });

  it('take values, qubits and whole arrays', () => {
    const turn = 'def turn(readonly array[float, #dim = 1] by, qubit r) { rx(by[1]) r; }';
    expect(
      parseQasm(`${STD} qubit[3] q; array[float, 2] a; ${turn} turn(a, q[2]);`).body,
    ).toMatchObject([{ gate: 'rx', params: [{ kind: 'variable', variable: 1 }], qubits: [2] }]);
    expect(() =>
      gatesOf('array[int, 1] a; def f(readonly array[int, 1] b) { b[0] = 1; } f(a);'),
    ).toThrow('readonly');
    expect(() => gatesOf('qubit[2] q; def f(qubit[3] r) { } f(q);')).toThrow('3 qubits, not 2');
  });

  it('may return early', () => {
    const { body } = parseQasm(
      `${STD} qubit q; bit c; def f(qubit r) { if (c2) return; x r; } const bool c2 = true; f(q);`,
    );
    expect(body.map(({ kind }) => kind)).toEqual(['repeat']);
  });
});

describe('inputs and outputs', () => {
  it('are parameters, and the bits that are told', () => {
    const circuit = parseQasm(
      `${STD} input float theta; output bit[2] c; bit d; qubit q; rx(theta / 2) q;`,
    );
    expect(circuit.parameters).toEqual(['theta']);
    expect(circuit.bitRegisters.map(({ name, internal = false }) => [name, internal])).toEqual([
      ['c', false],
      ['d', true],
    ]);
  });
});

describe('what cannot run', () => {
  it.each([
    'extern f(int) -> int; int a = f(1);',
    'defcal x $0 {}',
    'stretch s;',
    'duration d = -5ns;',
    'qubit q; delay[2 * 100ns] q;',
    'qubit q; duration d = durationof({x q;});',
    'complex[float[64]] c = 1 + 2im;',
  ])('%s is read, and refused as not supported', (text) => {
    expect(() => parseQasm(STD + text)).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED', place: expect.anything() }),
    );
  });
});
