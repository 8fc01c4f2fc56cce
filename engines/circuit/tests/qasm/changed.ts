import { ok } from 'node:assert/strict';
import fc from 'fast-check';
import { CircuitError, parseQasm, showError } from '../../src/index.ts';

const SEEDS = [
  'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[3];\ncreg c[3];\ngate g(a) x,y { cu1(a/2) x,y; }\ng(pi) q[0],q[1];\nmeasure q -> c;\nif(c==5) x q[1];\n',
  'OPENQASM 3.1;\ninclude "stdgates.inc";\nqubit[3] q;\nbit[3] c;\nint[8] n = 3;\ndef f(qubit r, int[8] k) -> bit { if (k == 2) { return measure r; } h r; return measure r; }\nfor uint i in [0:2] { h q[i]; if (c[i]) break; }\nctrl @ pow(0.5) @ inv @ rx(pi/3) q[0], q[1];\nc[0] = f(q[2], n);\nwhile (c != "010") { c = measure q; n += 1; }\nswitch (n) { case 1, 2 { x q; } default { end; } }\nlet a = q[0:1] ++ q[{2}];\nbarrier a;\n',
  'input float t;\noutput bit r;\nqubit q;\nconst angle[8] w = 2 * pi / 3;\narray[int[8], 2, 2] m = {{1, 2}, {3, 4}};\nm[0, 1] -= m[1, 0] << 2;\nbox { delay[100ns] q; U(t, w, -t) q; }\nr = measure q;\n@note here\nreset q;\n#pragma here\ncal { {} }\n',
];
const PIECES = [
  ...'( ) [ ] { } ; , : " \' @ -> ++ = ** /* // 0 -1 9e99 1e-9 0b1 0xff 1_0 3ns 2im $3 pi'.split(
    ' ',
  ),
  ...'true "01" q c n x int uint[4] angle[3] bit qubit float const array if else for in'.split(' '),
  ...'while switch case def gate return break let measure reset input pow(2)@ inv@ ctrl@'.split(
    ' ',
  ),
  'pow(0.3) @',
  '\0',
  '\ud800',
  'é',
];

const change = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  cut: fc.nat(12),
  piece: fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 4, unit: 'binary' })),
});

/** A text that is changed in a few places is a circuit, or refused with its place. */
export const changedTexts: fc.IProperty<[string, { at: number; cut: number; piece: string }[]]> =
  fc.property(
    fc.constantFrom(...SEEDS),
    fc.array(change, { minLength: 1, maxLength: 6 }),
    (seed, changes) => {
      let text = seed;
      for (const { at, cut, piece } of changes) {
        const index = Math.floor(at * text.length);
        text = `${text.slice(0, index)}${piece}${text.slice(index + cut)}`;
      }
      try {
        parseQasm(text, { limits: { instructions: 10_000 } });
      } catch (error) {
        if (!(error instanceof CircuitError)) throw error;
        ok(error.place !== undefined, error.message);
        showError(text, error);
      }
    },
  );

/** What breaks a property, told at length; undefined where nothing did. */
export function counterexample<T>(
  property: fc.IProperty<T>,
  options: { numRuns: number; seed: number },
): string | undefined {
  const details = fc.check(property, options);
  return details.failed ? fc.defaultReportMessage(details) : undefined;
}
