import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gradientApart, someSloped } from '../../../engines/quantum/tests/stateVector/gradients.ts';
import { wasmExecutor, type WasmPool } from '../src/index.ts';

describe.each([
  { precision: 'f64', threads: 1, strict: true, near: 1e-11 },
  { precision: 'f64', threads: 2, strict: false, near: 1e-11 },
  { precision: 'f32', threads: 2, strict: false, near: 1e-4 },
  { precision: 'f32', threads: 1, strict: true, near: 1e-4 },
] as const)('gradients in WASM, $precision, $threads threads, strict: $strict', (options) => {
  let pool: WasmPool;
  beforeAll(async () => {
    pool = await wasmExecutor(options);
  });
  afterAll(() => pool.close());

  it('are those of plain TypeScript, for circuits of 5 to 9 qubits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 9 }).chain(someSloped), (sloped) => {
        expect(gradientApart(pool.executor, sloped)).toBeLessThan(options.near);
      }),
      { numRuns: 30, seed: 31 },
    );
  });
});
