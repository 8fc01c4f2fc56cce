import { interpret, type Precision } from '@anarq/quantum-engine';
import { describe, expect, it } from 'vitest';
import { findNative } from '../src/index.ts';
import { farthest, fill, somePlan } from './plans.ts';

const state = await findNative({ build: 'wait' });

describe.skipIf(state.kind !== 'ready')('the native executor, over thousands of plans', () => {
  it.each<[Precision, number]>([
    ['f32', 1e-4],
    ['f64', 1e-11],
  ])(
    'does in %s what the interpreter does',
    async (precision, near) => {
      if (state.kind !== 'ready') return;
      const { allKernels } = state.native;
      const all = await Promise.all(
        allKernels.map((kernels) => findNative({ build: 'no', kernels })),
      );
      for (let seed = 1_000; seed < 6_000; seed += 1) {
        const plan = somePlan(seed, 6 + (seed % 9), 8);
        const wanted = state.native.executor(precision, 1).allocate(plan.qubits);
        fill(wanted, seed);
        interpret(wanted, plan);
        for (const one of all) {
          if (one.kind !== 'ready') continue;
          const executor = one.native.executor(precision, 1 + (seed % 3));
          const given = executor.allocate(plan.qubits);
          fill(given, seed);
          executor.run(given, plan);
          expect(farthest(given, wanted), `seed ${seed}, ${executor.name}`).toBeLessThan(near);
          executor.release(given);
        }
      }
    },
    900_000,
  );
});
