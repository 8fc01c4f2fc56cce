import { describe, expect, it } from 'vitest';
import { perform } from '../src/work/perform.ts';

const GIB = 2 ** 30;

describe('a strict run', () => {
  const wide = (qubits: number, strict: boolean, precision: 'f32' | 'f64' = 'f64') =>
    perform({
      kind: 'plan',
      source: { text: `OPENQASM 3.0; include "stdgates.inc"; qubit[${qubits}] q; h q[0];` },
      asked: { method: 'statevector', strict, precision },
      memory_bytes: 64 * GIB,
    });

  it('has the memory of WebAssembly for its states, and says so where that is too little', async () => {
    await expect(wide(28, false)).resolves.toMatchObject({ memory_bytes: 4 * GIB });
    await expect(wide(28, true)).rejects.toThrow(/4 GiB.*whose memory ends at 4 GiB: ask for f32/);
    await expect(wide(27, true)).resolves.toMatchObject({ memory_bytes: 2 * GIB });
    await expect(wide(28, true, 'f32')).resolves.toMatchObject({ memory_bytes: 2 * GIB });
    await expect(wide(29, true, 'f32')).rejects.toThrow(/WebAssembly/);
  });

  it('has the same bits however much memory there is, and is refused where that is too little', async () => {
    const walked = `OPENQASM 3.0; include "stdgates.inc"; qubit[7] q; bit[7] c;
      for int l in [0:2] {
        for int i in [0:6] { ry(0.3 + 0.1 * i + l) q[i]; }
        for int i in [0:5] { cx q[i], q[i + 1]; }
        c[0] = measure q[0];
        if (c[0]) { rx(0.7) q[3]; }
      }`;
    const order = {
      source: { text: walked, noise: 0.02 },
      asked: {
        method: 'trajectories',
        strict: true,
        observables: ['0.7*X0 Z4 + 1.3*Y2'],
      },
      seed: '5',
    } as const;
    const plan = await perform({ ...order, kind: 'plan', memory_bytes: GIB });
    if (!('memory_bytes' in plan)) throw new Error('a plan says what it takes');
    const values = [];
    for (const memory_bytes of [plan.memory_bytes, 2 * plan.memory_bytes, 8 * GIB]) {
      const made = await perform({ ...order, kind: 'run', memory_bytes });
      values.push('expectations' in made ? made.expectations : undefined);
    }
    expect(values[0]).toMatchObject([{ value: expect.any(Number) as unknown }]);
    expect(values.slice(1)).toEqual([values[0], values[0]]);
    const less = perform({ ...order, kind: 'run', memory_bytes: plan.memory_bytes - 1 });
    await expect(less).rejects.toThrow(/holds as many states at once as on every machine/);
  });
});
