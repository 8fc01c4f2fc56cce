import { describe, expect, it } from 'vitest';
import { ComputeThread } from '../src/work/computeThread.ts';

/** Rotations and entangling gates, of which no method but the state vector makes light. */
const deep = (qubits: number): string => {
  const lines = ['OPENQASM 3.0;', 'include "stdgates.inc";', `qubit[${qubits}] q;`];
  for (let layer = 0; layer < 6; layer += 1)
    for (let at = 0; at < qubits; at += 1)
      lines.push(
        `ry(${0.3 + 0.1 * at + layer}) q[${at}];`,
        `cx q[${at}], q[${(at + 1 + layer) % qubits}];`,
      );
  return lines.join('\n');
};

describe('a state vector', () => {
  it.each(['f64', 'f32'] as const)(
    'in %s has the values of a sparse state, which uses no executor',
    async (precision) => {
      const thread = new ComputeThread(512 * 2 ** 20);
      try {
        const run = async (method: 'statevector' | 'sparse') =>
          thread.perform({
            kind: 'run',
            source: { text: deep(12) },
            asked: { method, precision, observables: ['Z0', 'X3 X7', 'Y1 Z2 Y11'], threads: 2 },
            seed: '1',
            memory_bytes: 2 ** 30,
          });
        const [vector, sparse] = [await run('statevector'), await run('sparse')];
        expect(vector.executor).toMatch(new RegExp(`^(native|wasm).*${precision}`));
        for (const [at, { value }] of vector.expectations.entries())
          expect(value).toBeCloseTo(
            sparse.expectations[at]?.value ?? Number.NaN,
            precision === 'f64' ? 10 : 4,
          );
      } finally {
        await thread.end();
      }
    },
  );
});
