import { writeFile } from 'node:fs/promises';
import { freemem } from 'node:os';
import { Child } from '../measuring/child.ts';
import { figure, median, type BenchRun, type Figure } from '../measuring/figures.ts';
import { logLogPlot } from '../measuring/logLogPlot.ts';
import type { CircuitName } from './circuits.ts';
import type { Ours, OurRun, Peak } from './ours.ts';

const SIDE: Ours = { side: 'native', precision: 'f32', threads: 1 };
const WASM: Ours = { ...SIDE, side: 'wasm' };
const FROM = 16;
const TO = 28;
const TO_QUICK = 20;
/**
 * One that is so small that planning it in code that was never run is much of the first run, and one that others
 * are measured on too.
 */
const FIRST: readonly CircuitName[] = ['grid 4 5 14', 'grid 4 6 14'];
const STARTS = 5;
const PEAK: CircuitName = 'grid 2 13 4';
const PEAK_QUICK: CircuitName = 'grid 2 11 4';

/** What a state vector costs with each further qubit, on the first run, and in memory. */
export async function measureGrowth(order: BenchRun): Promise<Figure[]> {
  return [
    ...(await growth(order)),
    ...(await firstRuns(order, SIDE)),
    ...(await firstRuns(order, WASM)),
    ...(await memory(order, SIDE)),
    ...(await memory(order, WASM)),
  ];
}

const start = (ours: Ours): Child => new Child(new URL('./ours.ts', import.meta.url), ours);

async function growth({ progress, quick, plotPath }: BenchRun): Promise<Figure[]> {
  const child = start(SIDE);
  const points: [number, number][] = [];
  try {
    if ((await child.ask({ kind: 'about' })) === undefined) return [];
    for (let qubits = FROM; qubits <= (quick ? TO_QUICK : TO); qubits += 1) {
      if (2 ** (qubits + 3) * 1.2 > freemem()) break;
      const circuit: CircuitName = `grid 1 ${qubits} 14`;
      // By then all code is warm, and a run takes seconds.
      const isLong = qubits > 24;
      if (!isLong) await child.ask({ kind: 'run', circuit });
      const runs: number[] = [];
      for (let round = 0; round < (isLong ? 1 : 3); round += 1)
        runs.push((await child.ask<OurRun>({ kind: 'run', circuit })).cpuSeconds ?? Number.NaN);
      points.push([2 ** qubits, median(runs)]);
      progress(`${qubits} qubits ${median(runs).toFixed(4)} s`);
    }
  } finally {
    await child.stop();
  }
  if (plotPath !== undefined)
    await writeFile(
      plotPath,
      logLogPlot('A random circuit of depth 14 on a state vector', 'amplitudes', [
        { title: 'Native, f32, one thread', unit: 'seconds of the processor', points },
        {
          title: 'The same an amplitude',
          unit: 'nanoseconds',
          points: points.map(([n, s]) => [n, (1e9 * s) / n]),
        },
      ]),
    );
  const steps = points.slice(1).map(([, seconds], at) => seconds / (points[at]?.[1] ?? Number.NaN));
  return [
    figure({
      name: 'growth.perQubit',
      unit: 'x',
      values: steps,
      conditions: `time with one qubit more over time without, from ${FROM} to ${FROM + steps.length} qubits; a random circuit of depth 14 on a line, native f32, one thread, processor time`,
    }),
  ];
}

async function firstRuns({ quick }: BenchRun, ours: Ours): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const circuit of quick ? FIRST.slice(0, 1) : FIRST) {
    const found = await firstRun(circuit, quick ? 1 : STARTS, ours);
    if (found !== undefined) figures.push(found);
  }
  return figures;
}

async function firstRun(
  circuit: CircuitName,
  starts: number,
  ours: Ours,
): Promise<Figure | undefined> {
  const first: number[] = [];
  const later: number[] = [];
  for (let at = 0; at < starts; at += 1) {
    const child = start(ours);
    try {
      if ((await child.ask({ kind: 'about' })) === undefined) return undefined;
      const runs: OurRun[] = [];
      for (let round = 0; round < 4; round += 1)
        runs.push(await child.ask<OurRun>({ kind: 'run', circuit }));
      const [cold = Number.NaN, ...warm] = runs.map(({ cpuSeconds }) => cpuSeconds ?? Number.NaN);
      first.push(cold);
      later.push(median(warm));
    } finally {
      await child.stop();
    }
  }
  return figure({
    name: `first.${circuit.replaceAll(' ', '-')}.${ours.side}.f32.1t`,
    unit: 's',
    values: first,
    against: { name: 'the runs after it', values: later },
    conditions: `${circuit}, the first run of a process, planning by code that was never run included; processor time`,
  });
}

async function memory({ quick }: BenchRun, ours: Ours): Promise<Figure[]> {
  const child = start(ours);
  try {
    if ((await child.ask({ kind: 'about' })) === undefined) return [];
    // What the process and its code take is there before.
    await child.ask({ kind: 'run', circuit: 'grid 1 16 14' });
    const { before, after, state } = await child.ask<Peak>({
      kind: 'peak',
      circuit: quick ? PEAK_QUICK : PEAK,
    });
    return [
      figure({
        name: `memory.${ours.side}.f32`,
        unit: 'MiB',
        values: [(after - before) / 2 ** 20],
        against: { name: 'the state', values: [state / 2 ** 20] },
        target: { max: 1.1 },
        conditions: `${quick ? PEAK_QUICK : PEAK}: what the process grew by, at its largest`,
      }),
    ];
  } finally {
    await child.stop();
  }
}
