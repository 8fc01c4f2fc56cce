import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gradientApart, someSloped } from '../../../engines/quantum/tests/stateVector/gradients.ts';
import { findNative } from '../src/index.ts';

const state = await findNative({ build: 'wait' });
const notice = state.kind === 'absent' ? ` (left out: ${state.why})` : '';

describe.skipIf(state.kind !== 'ready')(`gradients in machine code${notice}`, () => {
  it.each([
    ['f64', 1e-11],
    ['f32', 1e-4],
  ] as const)(
    'are those of plain TypeScript in %s, by every instruction set that is here',
    async (precision, near) => {
      if (state.kind !== 'ready') return;
      for (const kernels of state.native.allKernels) {
        const one = await findNative({ build: 'no', kernels });
        if (one.kind !== 'ready') throw new Error(`${kernels} is not there`);
        for (const threads of [1, 3])
          fc.assert(
            fc.property(fc.integer({ min: 5, max: 9 }).chain(someSloped), (sloped) => {
              const apart = gradientApart(one.native.executor(precision, threads), sloped);
              expect(apart, kernels).toBeLessThan(near);
            }),
            { numRuns: 15, seed: 32 },
          );
      }
    },
  );
});
