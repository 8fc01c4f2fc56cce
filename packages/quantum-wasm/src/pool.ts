import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { KERNEL_BINARIES, type Executor, type Precision } from '@anarq/quantum-engine';
import { allReady, checkThreads, executorOn, kernelMemory, type Given } from './calls.ts';
import { bytesOf, type WasmMemory, type WasmModule } from './webAssembly.ts';

export interface WasmOptions {
  readonly precision: Precision;
  /** Threads that compute, the calling one among them; 1 needs no worker. */
  readonly threads: number;
  /** Without fused multiply-adds: the same bits on every machine. */
  readonly strict?: boolean;
}

/** An executor with its threads. */
export interface WasmPool {
  readonly executor: Executor;
  /** Ends the workers; the executor is not used afterwards. */
  close(): Promise<void>;
}

/**
 * Compiles the kernels and starts the threads that run plans with them. The calling thread computes too, and
 * is blocked while a plan runs.
 * @throws RangeError for a number of threads that is none, or too large
 */
export async function wasmExecutor(options: WasmOptions): Promise<WasmPool> {
  const { precision, threads, strict = false } = options;
  checkThreads(threads);
  const memory = kernelMemory();
  const module = compiled(`${precision}${strict ? 'Strict' : 'Relaxed'}`);
  const workers = await startWorkers(module, memory, threads - 1);
  return {
    executor: executorOn(module, memory, { precision, threads, strict }),
    close: async () => {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

const modules = new Map<string, WasmModule>();

/**
 * Compiles by the optimising compiler at once. Otherwise the first run would be made of code by the baseline
 * compiler, 2 to 3 times slower. The flags hold only here: other modules of this process tier up as ever.
 * Inlining goes by what the baseline compiler counted, so it needs to be off with it.
 */
function compiled(name: keyof typeof KERNEL_BINARIES): WasmModule {
  const known = modules.get(name);
  if (known !== undefined) return known;
  const flags = ['liftoff', 'wasm-inlining', 'wasm-lazy-compilation'];
  for (const flag of flags) setFlagsFromString(`--no-${flag}`);
  try {
    const module = new WebAssembly.Module(bytesOf(KERNEL_BINARIES[name]));
    modules.set(name, module);
    return module;
  } finally {
    for (const flag of flags) setFlagsFromString(`--${flag}`);
  }
}

async function startWorkers(
  module: WasmModule,
  memory: WasmMemory,
  count: number,
): Promise<Worker[]> {
  if (count === 0) return [];
  const workers = Array.from({ length: count }, (_, index) => {
    const given: Given = { module, memory, thread: index + 1 };
    return new Worker(new URL('worker.ts', import.meta.url), {
      workerData: given,
      name: `quantum ${index + 1}`,
      execArgv: [],
    });
  });
  const failed = Promise.withResolvers<never>();
  for (const worker of workers) worker.once('error', failed.reject);
  await Promise.race([allReady(memory, count), failed.promise]);
  // Waiting for calls is nothing that keeps a process alive.
  for (const worker of workers) worker.unref();
  return workers;
}
