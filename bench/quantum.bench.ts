import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchRun, Figure } from './measuring/figures.ts';
import { measureCircuits } from './quantum/measureCircuits.ts';
import { measureGrowth } from './quantum/measureGrowth.ts';
import { measurePackage } from './quantum/measurePackage.ts';
import { measureStabiliser } from './quantum/measureStabiliser.ts';

/**
 * Circuits on a state vector, in turns with the simulators that the environment names (quantum/peers.ts says
 * how), what a state vector costs as it grows, and Clifford circuits beside Stim. Every figure is of a run whose amplitude of |0…0> was
 * that of the others.
 */
export async function run(order: BenchRun): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'q-bench-quantum-'));
  try {
    return [
      ...(await measureCircuits(folder, order)),
      ...(await measurePackage(order)),
      ...(await measureGrowth(order)),
      ...(await measureStabiliser(folder, order)),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
