import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Precision } from '@anarq/quantum-engine';
import { isAddon } from './addon.ts';
import { build, findPlace, isThere, type Place } from './build.ts';
import { NativeExecutor } from './executor.ts';

/** The addon, loaded. */
export interface Native {
  /** The instruction set that is used: avx512, avx2, sse2 or neon. */
  readonly kernels: string;
  /** All that this processor has, the fastest first. */
  readonly allKernels: readonly string[];
  /** What it was built with. */
  readonly compiler: string;
  executor(precision: Precision, threads: number): NativeExecutor;
}

export type NativeState =
  | { readonly kind: 'ready'; readonly native: Native }
  /** There is what it takes, and it is being built: in seconds it is there. */
  | { readonly kind: 'building'; readonly compiler: string }
  /** It is not to be had here, for this reason. */
  | { readonly kind: 'absent'; readonly why: string };

/**
 * Machine code for state vectors, where there is some. `Q_NATIVE=off` does without.
 * @param options.build what happens where it could be built and was not yet: `wait` builds it first, which
 *   takes some seconds; `later` has another process build it and goes on without; `no` only tells. One that
 *   could not be built once is not tried again until its sources, the compiler or Node change.
 * @param options.kernels other kernels than the fastest, to compare them
 * @param options.cache where addons are kept
 */
export async function findNative(options: {
  readonly build: 'wait' | 'later' | 'no';
  readonly kernels?: string;
  readonly cache?: string;
}): Promise<NativeState> {
  if (process.env['Q_NATIVE'] === 'off') return absent('Q_NATIVE is off');
  const place = await findPlace(options.cache);
  if (typeof place === 'string') return absent(place);
  if (await isThere(place.addon)) return load(place, options.kernels);
  if (await isThere(place.failure)) return absent(failed(await readFile(place.failure, 'utf8')));
  if (options.build === 'wait') {
    const why = await build(place);
    return why === undefined ? load(place, options.kernels) : absent(failed(why));
  }
  if (options.build === 'later') buildBehind(options.cache);
  else return absent('it was not built yet; the first circuit that runs has it built');
  return { kind: 'building', compiler: place.compiler.version };
}

const absent = (why: string): NativeState => ({ kind: 'absent', why });
const failed = (said: string): string => `it could not be built: ${said}`;

/** In a process that outlives this one, so that a short command does not end it half-way. */
function buildBehind(cache: string | undefined): void {
  const script = fileURLToPath(new URL('./buildMain.ts', import.meta.url));
  spawn(process.execPath, [script, ...(cache === undefined ? [] : [cache])], {
    detached: true,
    stdio: 'ignore',
  }).unref();
}

function load(place: Place, wanted: string | undefined): NativeState {
  let addon: unknown;
  try {
    addon = createRequire(import.meta.url)(place.addon);
  } catch (error) {
    return absent(`it does not load: ${(error as Error).message}`);
  }
  if (!isAddon(addon)) return absent(`${place.addon} is something else`);
  const allKernels = addon.kernels();
  const kernels = wanted ?? allKernels[0];
  if (kernels === undefined || !allKernels.includes(kernels))
    return absent(`this processor has no ${wanted ?? 'kernels'}`);
  const loaded = addon;
  return {
    kind: 'ready',
    native: {
      kernels,
      allKernels,
      compiler: place.compiler.version,
      executor: (precision, threads) => new NativeExecutor(loaded, kernels, precision, threads),
    },
  };
}
