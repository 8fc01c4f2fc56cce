import { createHash } from 'node:crypto';
import { evaluateAngle, GATES, parseQasm } from '@anarq/circuit';
import {
  blockOf,
  originalPositions,
  planSteps,
  realAt,
  type Precision,
} from '@anarq/quantum-engine';
import { describe, expect, it } from 'vitest';
import { wasmExecutor } from '../src/index.ts';

const QUBITS = 12;
const CIRCUIT = `OPENQASM 3.0; include "stdgates.inc"; qubit[${QUBITS}] q;
for int k in [0:${QUBITS - 1}] { h q[k]; t q[k]; ry(0.3 + 0.1 * k) q[k]; }
for int k in [0:${QUBITS - 2}] { cx q[k], q[k + 1]; cp(0.7) q[k + 1], q[k]; }
for int k in [0:${QUBITS - 1}] { u3(0.4, 0.1 * k, 1.3) q[k]; }
for int k in [0:${QUBITS - 3}] { ccx q[k], q[k + 1], q[k + 2]; }`;

/** Of the final amplitudes in the order of their index, real part first, little-endian as IEEE 754 writes them. */
const DIGESTS: Readonly<Record<Precision, string>> = {
  f32: '793a2f627cbc63a2827c5d53d108fe4f84cca3a43fce4202180f19135dea1b3b',
  f64: 'fcf5d9027cc1841514999b2267b0ed6ec4d213db4d9e434890fd55f641109406',
};

async function digestOf(precision: Precision, threads: number): Promise<string> {
  const { executor, close } = await wasmExecutor({ precision, threads, strict: true });
  try {
    const plan = planSteps(steps(), originalPositions(QUBITS), {
      tileQubits: executor.tileQubits,
      rowQubits: 8,
    });
    const state = executor.allocate(QUBITS);
    executor.run(state, plan);
    const block = blockOf(precision);
    const hash = createHash('sha256');
    const bytes = new DataView(new ArrayBuffer(8));
    const put = (value: number): void => {
      if (precision === 'f32') bytes.setFloat32(0, value, true);
      else bytes.setFloat64(0, value, true);
      hash.update(new Uint8Array(bytes.buffer, 0, precision === 'f32' ? 4 : 8));
    };
    for (let index = 0; index < 2 ** QUBITS; index += 1) {
      const at = realAt(placeOf(index, plan.positions), block);
      put(state[at]!);
      put(state[at + block]!);
    }
    executor.release(state);
    return hash.digest('hex');
  } finally {
    await close();
  }
}

const steps = () =>
  parseQasm(CIRCUIT, { version: 3 }).body.flatMap((one) =>
    one.kind === 'gate'
      ? [
          {
            matrix: GATES.get(one.gate)!.matrix(...one.params.map((angle) => evaluateAngle(angle))),
            qubits: one.qubits,
            controls: one.controls ?? [],
          },
        ]
      : [],
  );

const placeOf = (index: number, positions: readonly number[]): number =>
  positions.reduce((sum, position, qubit) => sum + ((index >> qubit) & 1) * 2 ** position, 0);

describe('strict kernels', () => {
  it.each(['f32', 'f64'] as const)(
    'in %s come to the same bits on every machine, with any number of threads',
    async (precision) => {
      expect(await digestOf(precision, 1)).toBe(DIGESTS[precision]);
      expect(await digestOf(precision, 2)).toBe(DIGESTS[precision]);
    },
  );
});
