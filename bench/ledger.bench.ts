import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { comparedWith, figuresOf, type Rounds } from './ledger/figures.ts';
import { BareDisk } from './ledger/disk.ts';
import { PEERS, Peers } from './ledger/peers.ts';
import { measureRecovery } from './ledger/recovery.ts';
import { SHAPES } from './ledger/shapes.ts';
import { Sides } from './ledger/sides.ts';
import type { BenchRun, Figure } from './measuring/figures.ts';

const ROUNDS = 5;
/** Fewer requests, to see that it works. */
const QUICK_SHARE = 0.1;

/**
 * Durable transfers a second of the ledger over its socket, over HTTP and in process, beside PostgreSQL,
 * SQLite and the bare disk, all in turns; and how long it takes to open one.
 */
export async function run(order: BenchRun): Promise<Figure[]> {
  // Beside the temp folder's files: a folder in memory would sync nothing.
  const folder = await mkdtemp(join(tmpdir(), 'q-bench-ledger-'));
  try {
    const rounds = await measureRounds(folder, order);
    return [
      ...SHAPES.flatMap((shape) => figuresOf(shape, rounds)),
      ...comparedWith(rounds),
      ...(await measureRecovery(folder, order)),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureRounds(folder: string, { progress, quick }: BenchRun): Promise<Rounds> {
  const share = quick ? QUICK_SHARE : 1;
  const peers = await Peers.open(folder);
  if (peers.postgresVersion === undefined) progress('No PostgreSQL listens: it is left out.');
  const disk = await BareDisk.open(folder);
  const sides = await Sides.start(folder);
  const rounds: Rounds = { loads: new Map(), peers: new Map(), peerVersion: peers.postgresVersion };
  const keep = <T>(into: Map<string, T[]>, name: string, value: T): void => {
    into.set(name, [...(into.get(name) ?? []), value]);
  };
  try {
    for (let round = 0; round <= (quick ? 1 : ROUNDS); round++) {
      // The first is for the caches, and for code that is compiled while it runs.
      const isMeasured = round > 0;
      for (const shape of SHAPES) {
        const requests = Math.ceil(shape.requests * share);
        const load = await sides.run({ ...shape, requests });
        if (isMeasured) keep(rounds.loads, shape.name, load);
        progress(
          `${round}: ${shape.name} ${Math.round(load.perSecond)}/s, mean ${load.mean_ms.toFixed(2)} ms`,
        );
      }
      for (const peer of PEERS) {
        const perSecond = await peers.run(peer, disk, share);
        if (perSecond === undefined) continue;
        if (isMeasured) keep(rounds.peers, peer, perSecond);
        progress(`${round}: ${peer} ${Math.round(perSecond)}/s`);
      }
    }
  } finally {
    await sides.stop();
    await disk.close();
    await peers.close();
  }
  return rounds;
}
