import { describe, expect, it } from 'vitest';
import { CircuitError, parseQasm, validate } from '../../src/index.ts';
import { haveVectors, vectorPaths, vectorText } from './vectors.ts';

/** The programs that mean no circuit here, with what they are refused for. */
const REFUSED: Readonly<Record<string, { code: string; why: RegExp }>> = {
  'alignment.qasm': { code: 'UNSUPPORTED', why: /stretch needs a schedule/ },
  'cphase.qasm': { code: 'SEMANTICS', why: /Gate 'CX' is not declared/ },
  'dd.qasm': { code: 'UNSUPPORTED', why: /stretch needs a schedule/ },
  't1.qasm': { code: 'UNSUPPORTED', why: /Calibrations of pulses/ },
  // It indexes the single qubit of a gate; what comes behind calls extern functions.
  'vqe.qasm': { code: 'SEMANTICS', why: /'q' is a single one here and has no index/ },
};

describe.skipIf(!haveVectors)('the example programs of OpenQASM 3, with their meaning', () => {
  it.for(vectorPaths('openqasm/examples', '.qasm'))('%s is a circuit', (path, { skip }) => {
    const text = vectorText(path);
    const refused = REFUSED[path.split('/').at(-1) ?? ''];
    if (refused === undefined) {
      const circuit = parseQasm(text, { version: 3 });
      validate(circuit);
      expect(circuit.body.length).toBeGreaterThan(0);
      return;
    }
    const error = errorOf(() => parseQasm(text, { version: 3 }));
    expect(error).toMatchObject({
      code: refused.code,
      place: { line: expect.any(Number) as unknown },
    });
    expect(error?.message).toMatch(refused.why);
    // It counts as one that did not pass: the error is the right one, and there is no circuit.
    skip(error?.message);
  });
});

function errorOf(reading: () => unknown): CircuitError | undefined {
  try {
    reading();
  } catch (error) {
    if (error instanceof CircuitError) return error;
    throw error;
  }
  return undefined;
}
