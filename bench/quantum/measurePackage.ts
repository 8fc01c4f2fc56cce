import { pathToFileURL } from 'node:url';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Child } from '../measuring/child.ts';
import { figure, type BenchRun, type Figure } from '../measuring/figures.ts';
import { circuitNamed, type CircuitName } from './circuits.ts';
import type { OurRun, Ours } from './ours.ts';
import type { Measured } from './peers.ts';
import type { PackageOrder } from './packageSide.ts';

/** It takes seconds for what others do in milliseconds, so its circuits are small. */
const CIRCUITS: readonly CircuitName[] = ['fourier 14', 'qaoa 12 2'];
const CIRCUITS_QUICK: readonly CircuitName[] = ['fourier 10'];
const OURS: readonly Ours[] = [
  { side: 'typescript', precision: 'f64', threads: 1 },
  { side: 'native', precision: 'f64', threads: 1 },
];

/**
 * Beside npm's `quantum-circuit`, the widely used simulator in JavaScript. It is not among the dependencies
 * (38 MB): `QUANTUM_CIRCUIT` names the folder it was installed in, as `npm install quantum-circuit@0.9.250`
 * makes it.
 */
export async function measurePackage({ progress, quick }: BenchRun): Promise<Figure[]> {
  const folder = process.env['QUANTUM_CIRCUIT'];
  if (folder === undefined) {
    progress('QUANTUM_CIRCUIT names no folder: npm quantum-circuit is left out.');
    return [];
  }
  const entry = createRequire(pathToFileURL(join(folder, 'package.json'))).resolve(
    'quantum-circuit',
  );
  const theirs = new Child(new URL('./packageSide.ts', import.meta.url), { entry });
  const ours = OURS.map((one) => ({
    ...one,
    child: new Child(new URL('./ours.ts', import.meta.url), one),
  }));
  const figures: Figure[] = [];
  try {
    for (const circuit of quick ? CIRCUITS_QUICK : CIRCUITS) {
      const order: PackageOrder = { kind: 'run', circuit };
      const peer = await theirs.ask<Measured>(order);
      progress(`${circuit}: quantum-circuit ${peer.seconds.toFixed(2)} s`);
      for (const { side, precision, child } of ours) {
        if ((await child.ask({ kind: 'about' })) === undefined) continue;
        await child.ask({ kind: 'run', circuit });
        const own = await child.ask<OurRun>({ kind: 'run', circuit });
        const apart = Math.hypot(
          own.amplitude[0] - peer.amplitude[0],
          own.amplitude[1] - peer.amplitude[1],
        );
        if (apart > 1e-6 * 2 ** (-circuitNamed(circuit).qubits / 2)) {
          progress(`${circuit}: quantum-circuit came to another state, and has no figure.`);
          continue;
        }
        figures.push(
          figure({
            name: `${circuit.replaceAll(' ', '-')}.${side}.${precision}.1t`,
            unit: 's',
            values: [own.cpuSeconds ?? own.seconds],
            against: { name: 'npm quantum-circuit', values: [peer.cpuSeconds ?? peer.seconds] },
            conditions:
              'processor time; one run of theirs, the second of ours; theirs reads OpenQASM 2 before the clock runs',
          }),
        );
      }
    }
  } finally {
    await theirs.stop();
    for (const { child } of ours) await child.stop();
  }
  return figures;
}
