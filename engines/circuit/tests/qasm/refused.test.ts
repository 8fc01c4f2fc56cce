import { describe, expect, it } from 'vitest';
import { CircuitError, parseQasm } from '../../src/index.ts';

/** Why a text is refused, with the line and column of it. */
function refusal(text: string): string {
  try {
    parseQasm(text);
  } catch (error) {
    if (!(error instanceof CircuitError)) throw error;
    const { code, message, place } = error;
    return `${code} ${place?.line}:${place?.column} ${message}`;
  }
  return 'accepted';
}

const std = (text: string): string => `OPENQASM 3.1;\ninclude "stdgates.inc";\n${text}`;
const qelib = (text: string): string => `OPENQASM 2.0;\ninclude "qelib1.inc";\n${text}`;

describe('a text of version 3 that breaks a rule of the language', () => {
  it.each([
    // Constants.
    ['uint n = 3; qubit[n] q;', '3:19 A size is a constant'],
    ['uint n = 3; int[n] a;', '3:17 A size is a constant'],
    ['uint n = 2; array[int[8], n] a;', '3:27 A size is a constant'],
    ['float[64] r = 2.0; const float[64] f = r;', '3:40 The value is a constant'],
    ['uint[8] r = 7; const int[16] i = int[16](r);', '3:34 The value is a constant'],
    ['int n = 1; qubit[2] q; ctrl(n) @ x q[0], q[1];', '3:29 A number of controls is a constant'],
    ['int i; int j = 1; switch (i) { case j { } }', '3:37 The label of a case is a constant'],
    ['const float pi = 3;', "3:13 'pi' is declared already"],
    ['int π = 1;', "3:5 'π' is declared already"],
    // Numbers.
    ['float a = arccos(2.0);', '3:11 A number is finite, not NaN'],
    ['float a = log(-1.0);', '3:11 A number is finite, not NaN'],
    ['float a = 1.0 / 0.0;', '3:15 A number is finite, not Infinity'],
    ['float a = 1e999;', '3:11 A number is finite, not Infinity'],
    ['angle[4] a = pi; float b = 2 / a;', "3:30 '/' takes no int and angle[4]"],
    // Switches.
    ['int i; switch (i) { }', '3:8 A switch has at least one case'],
    ['int i; switch (i) { default { } }', '3:8 A switch has at least one case'],
    ['bit[2] b; switch (b) { case 1 { } }', '3:19 A switch is over an int or uint, not bit[2]'],
    // Gates.
    ['gate g a { x $0; }', '3:14 A gate names no qubits of hardware'],
    ['gate U a { }', "3:6 'U' is declared already"],
    ['qubit q; x[0] q;', '3:12 A duration was expected'],
    ['qubit q; pow("01") @ x q;', '3:14 A power of a gate is a number, not bit[2]'],
    // Arrays.
    ['array[int[8], 2] a; array[int[8], 3] b; a = b;', '3:45 array[int[8], 3] does not become'],
    ['array[int[8], 2] a; array[int[16], 2] b; a = b;', '3:46 array[int[16], 2] does not become'],
    ['array[int[8], 2] a; int[8] c = a;', "3:32 'a' is an array"],
    ['array[int[8], 2, 2] a; int[8] c = a[0];', '3:35 An array is no value here'],
    ['array[int[8], 2] a; int[8] c = a[0, 0];', '3:33 '],
    ['array[int[8], 2] a; a[{0, 1}] = a;', '3:22 An array is indexed by numbers and ranges'],
    ['array[int[8], 2] a; a = 1;', '3:25 An array of the sizes [2] was expected'],
    ['array[int[8], 0] a; a[0] = 1;', '3:23 Index 0 is outside'],
    ['array[int[8], 2] a; uint n = sizeof(a, 1);', '3:40 The array has the dimensions 0 to 0'],
    ['bit[4] a; uint n = sizeof(a);', "3:27 'sizeof' takes an array"],
    // Subroutines, also those that nothing calls.
    ['def f(qubit a, qubit b) {} qubit q; f(q, q);', "3:37 'f' takes different qubits"],
    ['def f(int a, int a) { }', "3:18 'a' is declared already"],
    ['def f() { qubit q; }', '3:11 Qubits are declared outside of all blocks'],
    ['def f() { array[int[8], 2] a; }', '3:11 An array is declared outside of all blocks'],
    ['def f() { gate g q { } }', '3:11 A gate is defined outside of all blocks'],
    ['def f() { continue; }', "3:11 'continue' stands outside of a loop"],
    ['def f() -> bit { return; }', "3:18 'f' returns a value"],
    ['def f() -> bit { }', "3:5 'f' ends without returning a value"],
    ['def f() { return 1; }', "3:11 'f' returns no value"],
    ['def f(int a) -> int { return f(a); }', "3:30 Subroutine 'f' calls itself"],
    ['int a; def f() -> int { return a; }', "3:32 'a' is not declared"],
    ['qubit q; def f() { x q; }', "3:22 'q' is not declared"],
  ])('%s', (text, reason) => {
    expect(refusal(std(text))).toContain(`SEMANTICS ${reason}`);
  });

  it('may hold a subroutine that cannot be told without its arguments', () => {
    const text = `def f(int n, qubit[3] q) { x q[n]; for int i in [0:n] { h q[i]; } }
      def g(readonly array[int[8], #dim = 1] a) -> int[8] { return a[1]; }
      def h2(complex c) { }`;
    expect(refusal(std(text))).toBe('accepted');
    expect(parseQasm(std(text)).qubits).toBe(0);
  });

  it('says of inputs and outputs that are arrays that they are not supported', () => {
    expect(refusal(std('input array[angle[32], 2] a;'))).toContain('UNSUPPORTED 3:7');
    expect(refusal(std('output array[int[8], 2] a;'))).toContain('UNSUPPORTED 3:8');
  });
});

describe('a text of version 2 that breaks a rule of the language', () => {
  it.each([
    ['qreg Q[1];', '3:6 A name in OpenQASM 2 begins'],
    ['creg _c[1];', '3:6 A name in OpenQASM 2 begins'],
    ['qreg pi[1];', '3:6 A name in OpenQASM 2 begins'],
    ['gate G a { }', '3:6 A name in OpenQASM 2 begins'],
    ['gate g(T) a { }', '3:8 A name in OpenQASM 2 begins'],
    ['qreg q[1]; rx(0x1) q[0];', '3:15 A number of OpenQASM 2 is decimal'],
    ['qreg q[1_0];', '3:8 A number of OpenQASM 2 is decimal'],
  ])('%s', (text, reason) => {
    expect(refusal(qelib(text))).toContain(`SYNTAX ${reason}`);
  });
});
