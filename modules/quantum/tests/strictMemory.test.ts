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
});
