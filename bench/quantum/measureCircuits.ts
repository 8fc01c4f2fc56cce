import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Child } from '../measuring/child.ts';
import type { BenchRun, Figure } from '../measuring/figures.ts';
import { circuitNamed, type CircuitName } from './circuits.ts';
import { compared, type Entrant, type Runs } from './compare.ts';
import { SIDES } from './executors.ts';
import { qsimText } from './formats.ts';
import type { OurRun, Ours } from './ours.ts';
import { namedPeers, type CircuitFile, type Peer } from './peers.ts';

/** Smaller ones where it is only to be seen that it works. */
const CIRCUITS: readonly { readonly full: CircuitName; readonly quick: CircuitName }[] = [
  { full: 'grid 4 6 14', quick: 'grid 4 5 14' },
  { full: 'grid 2 13 20', quick: 'grid 2 10 20' },
  { full: 'fourier 24', quick: 'fourier 20' },
  { full: 'qaoa 20 8', quick: 'qaoa 16 8' },
];
const ROUNDS = 3;
/** Every entrant on every circuit, in turns, so that what else the machine does weighs on all alike. */
export async function measureCircuits(folder: string, order: BenchRun): Promise<Figure[]> {
  const entrants = await enter(order);
  const figures: Figure[] = [];
  try {
    for (const { full, quick } of CIRCUITS) {
      const name = order.quick ? quick : full;
      const { qubits } = circuitNamed(name);
      const file = { name, path: join(folder, `${name.replaceAll(' ', '-')}.qsim`) };
      await writeFile(file.path, qsimText(circuitNamed(name)));
      const runs = await rounds(name, file, entrants, order);
      figures.push(...compared(name, qubits, runs, order));
    }
  } finally {
    for (const entrant of entrants) await entrant.stop();
  }
  return figures;
}

async function rounds(
  name: CircuitName,
  file: CircuitFile,
  entrants: readonly Entrant[],
  { quick, progress }: BenchRun,
): Promise<Runs> {
  const runs: Runs = new Map();
  const { qubits } = circuitNamed(name);
  for (let round = 0; round < (quick ? 1 : ROUNDS); round += 1)
    for (const entrant of entrants) {
      if (qubits > entrant.qubitsMax || (round > 0 && entrant.isSlow)) continue;
      // What is run for the first time compiles code and takes pages; that has a figure of its own.
      if (round === 0 && !entrant.isSlow) await entrant.warm(name, file);
      const run = await entrant.run(name, file);
      runs.set(entrant, [...(runs.get(entrant) ?? []), run]);
      progress(`${name}: ${entrant.label} ${run.seconds.toFixed(4)} s`);
    }
  return runs;
}

/** More threads than the machine has cores would measure its scheduler. */
const THREADS = [1, 2].filter((threads) => threads <= availableParallelism());

async function enter({ progress }: BenchRun): Promise<Entrant[]> {
  const entrants: Entrant[] = [];
  const peers = namedPeers();
  if (peers.length === 0)
    progress('No peers: QSIM_BIN, QSIM_AVX2_BIN, QULACS_BIN, QUEST_BIN name none.');
  for (const threads of THREADS) {
    for (const precision of ['f32', 'f64'] as const)
      for (const side of SIDES.filter((one) => one !== 'typescript')) {
        const ours = await enterOurs({ side, precision, threads });
        if (ours === undefined)
          progress(`${side} ${precision} with ${threads} threads does not run here.`);
        else entrants.push(ours);
      }
    entrants.push(...peers.map((peer) => enterPeer(peer, threads)));
  }
  return entrants;
}

async function enterOurs(ours: Ours): Promise<Entrant | undefined> {
  const child = new Child(new URL('./ours.ts', import.meta.url), ours);
  const about = await child.ask<string | undefined>({ kind: 'about' });
  if (about === undefined) {
    await child.stop();
    return undefined;
  }
  return {
    ...ours,
    name: ours.side,
    label: labelOf(ours.side, ours),
    about,
    isOurs: true,
    isSlow: false,
    qubitsMax: Number.POSITIVE_INFINITY,
    run: (circuit) => child.ask<OurRun>({ kind: 'run', circuit }),
    warm: (circuit) => child.ask<OurRun>({ kind: 'warm', circuit }),
    stop: () => child.stop(),
  };
}

const enterPeer = (peer: Peer, threads: number): Entrant => ({
  name: peer.name,
  precision: peer.precision,
  threads,
  label: labelOf(peer.name, { precision: peer.precision, threads }),
  about: peer.about,
  isOurs: false,
  isSlow: peer.isSlow,
  qubitsMax: peer.isSlow ? 24 : Number.POSITIVE_INFINITY,
  run: (_, file) => peer.run(file, threads),
  warm: (_, file) => peer.run(file, threads),
  stop: () => Promise.resolve(),
});

const labelOf = (
  name: string,
  { precision, threads }: Pick<Ours, 'precision' | 'threads'>,
): string => `${name} ${precision}, ${threads} thread${threads === 1 ? '' : 's'}`;
