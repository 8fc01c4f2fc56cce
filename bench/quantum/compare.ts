import { figure, median, type BenchRun, type Figure } from '../measuring/figures.ts';
import type { CircuitName } from './circuits.ts';
import type { CircuitFile, Measured, Precision } from './peers.ts';

/** One program with one precision and number of threads. */
export interface Entrant {
  readonly name: string;
  readonly label: string;
  readonly about: string;
  readonly precision: Precision;
  readonly threads: number;
  readonly isOurs: boolean;
  readonly isSlow: boolean;
  readonly qubitsMax: number;
  run(circuit: CircuitName, file: CircuitFile): Promise<Run>;
  warm(circuit: CircuitName, file: CircuitFile): Promise<Run>;
  stop(): Promise<void>;
}

/** `planSeconds`, where it is told, is in `seconds`. */
export type Run = Measured & { readonly planSeconds?: number };
export type Runs = Map<Entrant, readonly Run[]>;

/** Beside whom each of ours stands, and what it is held to there. */
const BESIDE: Readonly<Record<string, { readonly peer: string; readonly max?: number }>> = {
  'native f32': { peer: 'qsim', max: 1.15 },
  'native avx2 f32': { peer: 'qsim AVX2', max: 1.15 },
  'native f64': { peer: 'Qulacs' },
  'native avx2 f64': { peer: 'Qulacs' },
  'wasm f32': { peer: 'qsim AVX2', max: 2.5 },
  'wasm f64': { peer: 'Qulacs', max: 1.5 },
};

/** In phases that are collected, WASM is to keep up with the wider vectors too. */
const besideOf = (circuit: CircuitName, { name, precision }: Entrant) =>
  name === 'wasm' && precision === 'f32' && circuit.startsWith('qaoa')
    ? { peer: 'qsim', max: 2.5 }
    : BESIDE[`${name} ${precision}`];

/** How far amplitudes of two programs may be apart, over what an amplitude is on average. */
const TOLERANCE: Readonly<Record<Precision, number>> = { f32: 1e-2, f64: 1e-6 };

/**
 * A figure for each entrant on a circuit, ours beside the peer it is held to.
 * Left out, and told, is who has another amplitude of |0…0> than the first entrant in f64.
 */
export function compared(
  circuit: CircuitName,
  qubits: number,
  runs: Runs,
  { progress, quick }: BenchRun,
): Figure[] {
  const entrants = [...runs.keys()];
  const reference = entrants.find(({ precision }) => precision === 'f64') ?? entrants[0];
  const wanted = reference === undefined ? undefined : runs.get(reference)?.[0]?.amplitude;
  if (wanted === undefined) return [];
  const agreeing = entrants.filter((entrant) => {
    const agrees = (runs.get(entrant) ?? []).every(({ amplitude }) => {
      const apart = Math.hypot(amplitude[0] - wanted[0], amplitude[1] - wanted[1]);
      return apart <= TOLERANCE[entrant.precision] * 2 ** (-qubits / 2);
    });
    if (!agrees) progress(`${circuit}: ${entrant.label} came to another state, and has no figure.`);
    return agrees;
  });
  return agreeing.map((entrant) => {
    const beside = besideOf(circuit, entrant);
    const peer = agreeing.find(
      (other) =>
        !other.isOurs &&
        other.name === beside?.peer &&
        other.threads === entrant.threads &&
        other.precision === entrant.precision,
    );
    // Circuits so small that planning them is most of it are held to nothing.
    return figureOf(circuit, entrant, runs, peer, quick ? undefined : beside?.max);
  });
}

function figureOf(
  circuit: CircuitName,
  entrant: Entrant,
  runs: Runs,
  peer: Entrant | undefined,
  max: number | undefined,
): Figure {
  const own = runs.get(entrant) ?? [];
  const others = peer === undefined ? [] : (runs.get(peer) ?? []);
  // On one thread the processor's time is that of the program, however busy the machine is.
  const byCpu =
    entrant.threads === 1 &&
    [...own, ...others].every(({ cpuSeconds }) => cpuSeconds !== undefined);
  const secondsOf = (run: Run): number => (byCpu ? (run.cpuSeconds ?? Number.NaN) : run.seconds);
  const plans = own.flatMap(({ planSeconds }) => (planSeconds === undefined ? [] : [planSeconds]));
  return figure({
    name: `${circuit.replaceAll(' ', '-')}.${entrant.name.replaceAll(' ', '-')}.${entrant.precision}.${entrant.threads}t`,
    unit: 's',
    values: own.map(secondsOf),
    ...(peer === undefined || others.length !== own.length
      ? {}
      : { against: { name: peer.name, values: others.map(secondsOf) } }),
    ...(max === undefined || peer === undefined ? {} : { target: { max } }),
    conditions: [
      byCpu ? 'processor time' : 'time on the clock',
      entrant.isSlow ? 'one run' : 'warm, in turns with the others',
      ...(plans.length === 0
        ? []
        : [`${(1_000 * median(plans)).toFixed(0)} ms of it planning (clock)`]),
      entrant.about,
    ].join('; '),
  });
}
