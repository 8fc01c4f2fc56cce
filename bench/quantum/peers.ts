import { execFile } from 'node:child_process';
import { delimiter } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Nobody waits longer for one circuit. */
const RUN_MS_MAX = 300_000;
const OUTPUT_BYTES_MAX = 1_000_000;

export type Precision = 'f32' | 'f64';

/** One circuit, run once. */
export interface Measured {
  readonly seconds: number;
  /** Of the processor, over all threads; less disturbed by what else the machine does. */
  readonly cpuSeconds: number | undefined;
  /** Of |0…0> at the end. */
  readonly amplitude: readonly [number, number];
}

/** One of the measured circuits, and its file in qsim's format. */
export interface CircuitFile {
  readonly name: string;
  readonly path: string;
}

/** A program that somebody else wrote. */
export interface Peer {
  readonly name: string;
  /** How it is run, for the conditions of a figure. */
  readonly about: string;
  /** Whether it takes minutes where others take seconds: then it runs once. */
  readonly isSlow: boolean;
  readonly precision: Precision;
  run(file: CircuitFile, threads: number): Promise<Measured>;
}

/**
 * qsim, as its own program qsim_base. How many qubits it fuses is tried on each circuit first, and the best
 * is kept. Its time is what it says for fusing and simulating, as ours has the planning in it. Of its
 * processor time, what a run of no gates takes (reading, memory) is taken off.
 */
export class Qsim implements Peer {
  readonly precision = 'f32';
  readonly about = 'the best of fusing 2, 3 and 4 qubits';
  readonly isSlow = false;
  readonly name: string;
  readonly #program: string;
  readonly #best = new Map<string, number>();

  constructor(name: string, program: string) {
    this.name = name;
    this.#program = program;
  }

  async run(file: CircuitFile, threads: number): Promise<Measured> {
    const key = `${file.name} ${threads}`;
    if (!this.#best.has(key)) {
      const tried: [number, number][] = [];
      for (const fused of [2, 3, 4])
        tried.push([(await this.#call(file, threads, fused)).seconds, fused]);
      this.#best.set(key, tried.toSorted(([a], [b]) => a - b)[0]?.[1] ?? 2);
    }
    const measured = await this.#call(file, threads, this.#best.get(key) ?? 2);
    const { cpuSeconds: without } = await this.#timed(file, threads, 2, ['-d', '0']);
    const cpuSeconds =
      measured.cpuSeconds === undefined || without === undefined
        ? undefined
        : Math.max(measured.cpuSeconds - without, 1e-3);
    return { ...measured, cpuSeconds };
  }

  async #call(file: CircuitFile, threads: number, fused: number): Promise<Measured> {
    const { stdout, cpuSeconds } = await this.#timed(file, threads, fused, []);
    const [fuse, simulate] = ['fuse', 'simu'].map(
      (what) => new RegExp(`${what} time is ([\\d.e+-]+) seconds`).exec(stdout)?.[1],
    );
    const amplitude = /^0+:\s+([\d.e+-]+)\s+([\d.e+-]+)/m.exec(stdout);
    if (fuse === undefined || simulate === undefined || amplitude === null)
      throw new Error(`${this.#program} said something else: ${stdout.slice(0, 300)}`);
    return {
      seconds: Number(fuse) + Number(simulate),
      cpuSeconds,
      amplitude: [Number(amplitude[1]), Number(amplitude[2])],
    };
  }

  #timed(file: CircuitFile, threads: number, fused: number, more: readonly string[]) {
    const args = ['-c', file.path, '-t', String(threads), '-f', String(fused), '-v', '2', ...more];
    return timed(this.#program, args);
  }
}

/**
 * Runs a program under bash, which tells what processor time its child took; without bash there is none.
 */
async function timed(
  program: string,
  args: readonly string[],
): Promise<{ stdout: string; cpuSeconds: number | undefined }> {
  const options = { timeout: RUN_MS_MAX, maxBuffer: OUTPUT_BYTES_MAX };
  const script = 'TIMEFORMAT="%3U %3S"; time "$@"';
  try {
    const { stdout, stderr } = await run('bash', ['-c', script, 'bash', program, ...args], options);
    const [user, system] = (stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
    return { stdout, cpuSeconds: (user ?? Number.NaN) + (system ?? Number.NaN) };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    return { stdout: (await run(program, [...args], options)).stdout, cpuSeconds: undefined };
  }
}

/**
 * Any other simulator, by a program of a few lines that reads the circuit's file (bench/quantum/peers has
 * those for Qulacs and QuEST). It is called as `PROGRAM FILE THREADS PRECISION`, the file as qsim's format,
 * the precision f32 or f64, and prints one line:
 *
 *     {"seconds": 1.25, "cpuSeconds": 1.24, "amplitude": [re, im]}
 *
 * the time from the first gate to the last, without reading the file and making the state, and the amplitude
 * of |0…0> at the end. It ends with code 3 where it does not have the precision.
 */
class Program implements Peer {
  readonly about = 'its own program, see bench/quantum/peers';
  readonly isSlow: boolean;
  readonly name: string;
  readonly precision: Precision;
  readonly #program: string;

  constructor(name: string, program: string, precision: Precision, isSlow: boolean) {
    this.name = name;
    this.isSlow = isSlow;
    this.#program = program;
    this.precision = precision;
  }

  async run(file: CircuitFile, threads: number): Promise<Measured> {
    const { stdout } = await run(this.#program, [file.path, String(threads), this.precision], {
      timeout: RUN_MS_MAX,
      maxBuffer: OUTPUT_BYTES_MAX,
    });
    return JSON.parse(stdout) as Measured;
  }
}

/**
 * The peers that the environment names:
 * - `QSIM_BIN` and `QSIM_AVX2_BIN`: qsim_base, the fastest build of it and one for AVX2
 * - `QULACS_BIN` (f64), `QUEST_BIN` (f64, or with `:` between them one for each precision)
 */
export function namedPeers(): Peer[] {
  const { QSIM_BIN, QSIM_AVX2_BIN, QULACS_BIN, QUEST_BIN } = process.env;
  return [
    ...(QSIM_BIN ? [new Qsim('qsim', QSIM_BIN)] : []),
    ...(QSIM_AVX2_BIN ? [new Qsim('qsim AVX2', QSIM_AVX2_BIN)] : []),
    ...(QULACS_BIN ? [new Program('Qulacs', QULACS_BIN, 'f64', false)] : []),
    // It runs gate by gate.
    ...(QUEST_BIN ?? '')
      .split(delimiter)
      .flatMap((program, at) =>
        program === '' ? [] : [new Program('QuEST', program, at === 0 ? 'f64' : 'f32', true)],
      ),
  ];
}
