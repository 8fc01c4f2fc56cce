import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { surfaceCode } from '@anarq/circuit';
import { compileClifford, Random, Sampler, TableauShot } from '@anarq/quantum-engine';
import { figure, type BenchRun, type Figure } from '../measuring/figures.ts';
import { randomClifford } from './circuits.ts';
import { stimText } from './formats.ts';

const run = promisify(execFile);

const ROUNDS = 3;
const DISTANCES = [3, 5, 7, 9, 11];
const NOISE = 1e-3;
const CLIFFORD = { qubits: 1_000, layers: 100 };
/** Long enough to be told apart from the start of a program. */
const SHOTS = { full: 2 ** 17, quick: 2 ** 13 };

/** Clifford circuits: a large one once, and surface codes sampled. `STIM_BIN` names Stim's program. */
export async function measureStabiliser(folder: string, order: BenchRun): Promise<Figure[]> {
  const stim = process.env['STIM_BIN'];
  if (stim === undefined) order.progress('STIM_BIN names no program: Stim is left out.');
  return [await largeClifford(folder, order, stim), ...(await surfaceCodes(order, stim))];
}

/** What one call of a program takes on the clock. */
async function secondsOf(program: string, args: readonly string[]): Promise<number> {
  const began = performance.now();
  await run(program, [...args], { maxBuffer: 2 ** 28, encoding: 'buffer' });
  return (performance.now() - began) / 1_000;
}

async function largeClifford(
  folder: string,
  { quick, progress }: BenchRun,
  stim: string | undefined,
): Promise<Figure> {
  const layers = quick ? 10 : CLIFFORD.layers;
  const circuit = randomClifford(CLIFFORD.qubits, layers);
  const path = join(folder, 'clifford.stim');
  await writeFile(path, stimText(circuit));
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const began = performance.now();
    const shot = new TableauShot(compileClifford(circuit));
    const random = new Random(1n, round);
    shot.run({ result: () => random.u32() & 1 });
    const seconds = (performance.now() - began) / 1_000;
    progress(`clifford: ${seconds.toFixed(3)} s`);
    if (round === 0) continue;
    ours.push(seconds);
    if (stim !== undefined)
      theirs.push(await secondsOf(stim, ['sample', '--shots', '1', '--in', path]));
  }
  return figure({
    name: `clifford.${CLIFFORD.qubits}`,
    unit: 's',
    values: ours,
    ...(stim === undefined ? {} : { against: { name: 'stim sample', values: theirs } }),
    conditions: `${CLIFFORD.qubits} qubits, ${layers} layers of one-qubit gates and CX on all of them (${circuit.body.length - CLIFFORD.qubits} gates), every qubit measured, one shot on a tableau, compiling the circuit included; one thread, clock; Stim's time has the start of its program and reading the file in it`,
  });
}

async function surfaceCodes(
  { quick, progress }: BenchRun,
  stim: string | undefined,
): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const distance of DISTANCES) {
    const shots = Math.ceil((quick ? SHOTS.quick : SHOTS.full) / distance ** 2);
    const sampler = new Sampler(
      compileClifford(surfaceCode({ distance, rounds: distance, noise: NOISE })),
    );
    const sample = (): number => {
      const began = performance.now();
      for (let done = 0; done < shots; done += sampler.shotsPerBatch)
        sampler.detections(1n, done / sampler.shotsPerBatch);
      const batches = Math.ceil(shots / sampler.shotsPerBatch);
      return (batches * sampler.shotsPerBatch) / ((performance.now() - began) / 1_000);
    };
    sample();
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      ours.push(sample());
      if (stim !== undefined) theirs.push(await stimRate(stim, distance, shots));
    }
    const against = stim === undefined ? {} : { against: { name: 'stim detect', values: theirs } };
    progress(`surface code d = ${distance}: ${Math.round(ours.at(-1) ?? 0)} shots/s`);
    figures.push(
      figure({
        name: `surface.d${distance}`,
        unit: 'shots/s',
        values: ours,
        // A target is held against the ratio where there is one; this one is of the rate itself.
        ...(distance === 3 ? { target: { min: 100_000 } } : against),
        conditions: `rotated surface code, ${distance} rounds, noise ${NOISE} at all four places, detectors and observables sampled in batches of ${sampler.shotsPerBatch}; one thread, clock`,
      }),
    );
  }
  return figures;
}

/** Of the circuit that Stim makes itself with the same sizes: many shots less one, so without its start. */
async function stimRate(stim: string, distance: number, shots: number): Promise<number> {
  const noise = [
    'after_clifford_depolarization',
    'before_round_data_depolarization',
    'before_measure_flip_probability',
    'after_reset_flip_probability',
  ].flatMap((name) => [`--${name}`, String(NOISE)]);
  const sizes = ['--distance', String(distance), '--rounds', String(distance)];
  const { stdout } = await run(stim, [
    'gen',
    '--code=surface_code',
    '--task=rotated_memory_z',
    ...sizes,
    ...noise,
  ]);
  const rate = async (count: number): Promise<number> => {
    const began = performance.now();
    const asked = execFile(stim, [
      'detect',
      '--shots',
      String(count),
      '--out_format=b8',
      '--append_observables',
      '--out=/dev/null',
    ]);
    asked.stdin?.end(stdout);
    await new Promise((resolve, reject) => {
      asked.once('error', reject);
      asked.once('exit', resolve);
    });
    return (performance.now() - began) / 1_000;
  };
  // Stim samples millions a second: enough of them to be told from its start.
  const many = 512 * shots;
  return many / Math.max((await rate(many)) - (await rate(1)), 1e-4);
}
