import { GATES } from '@anarq/circuit';
import { expect, it } from 'vitest';
import { originalPositions, PASS, planSteps, readPlan, type Step } from '../../src/index.ts';

const step = (name: string, qubits: readonly number[], ...angles: number[]): Step => ({
  matrix: GATES.get(name)!.matrix(...angles),
  qubits,
  controls: [],
});

it('goes over the state of a Fourier transform as often as its tiles need for all qubits', () => {
  const steps: Step[] = [];
  for (let target = 23; target >= 0; target -= 1) {
    steps.push(step('h', [target]));
    for (let control = target - 1; control >= 0; control -= 1)
      steps.push(step('cp', [control, target], Math.PI / 2 ** (target - control)));
  }
  const plan = planSteps(steps, originalPositions(24), { tileQubits: 15, rowQubits: 8 });
  // Of a tile's qubits 8 are always the same: 7 others a pass, from 23 down to 8.
  expect(readPlan(plan).filter(({ op }) => op === PASS).length).toBeLessThanOrEqual(4);
});
