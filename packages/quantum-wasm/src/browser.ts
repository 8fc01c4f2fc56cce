import { KERNEL_BINARIES } from '@anarq/quantum-engine';
import { allReady, checkThreads, executorOn, kernelMemory, type Given } from './calls.ts';
import type { WasmOptions, WasmPool } from './pool.ts';
import { bytesOf, type WasmMemory, type WasmModule } from './webAssembly.ts';

/** What is used of a browser; Node's types do not declare it. */
interface PageWorker {
  postMessage(message: Given): void;
  terminate(): void;
  addEventListener(kind: 'error', hear: (event: { readonly message: string }) => void): void;
}
declare const Worker: new (
  url: URL,
  options: { readonly type: 'module'; readonly name: string },
) => PageWorker;
declare const crossOriginIsolated: boolean | undefined;
declare const document: object | undefined;

/**
 * The same as `wasmExecutor`, in a browser. Kernels with fused multiply-adds are used where the browser knows
 * relaxed SIMD, else the strict ones. They are compiled as the browser does it: what runs first runs in code
 * of its baseline compiler.
 * @throws Error on a page that is not cross-origin isolated, which has no shared memory
 * @throws RangeError for a number of threads that is none or too large, and for more than one in the thread
 *   of a page, which may not wait: there a worker calls this
 */
export async function browserExecutor(options: WasmOptions): Promise<WasmPool> {
  const { precision, threads, strict = false } = options;
  checkThreads(threads);
  if (typeof crossOriginIsolated === 'undefined' || !crossOriginIsolated)
    throw new Error(
      'This page has no shared memory: it needs the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp.',
    );
  if (threads > 1 && typeof document !== 'undefined')
    throw new RangeError(
      `${threads} threads; the thread of a page may not wait for others, a worker may`,
    );
  const relaxed = bytesOf(KERNEL_BINARIES[`${precision}Relaxed`]);
  const isStrict = strict || !WebAssembly.validate(relaxed);
  const bytes = isStrict ? bytesOf(KERNEL_BINARIES[`${precision}Strict`]) : relaxed;
  const module = await WebAssembly.compile(bytes);
  const memory = kernelMemory();
  const workers = await startWorkers(module, memory, threads - 1);
  return {
    executor: executorOn(module, memory, { precision, threads, strict: isStrict }),
    close: () => {
      for (const worker of workers) worker.terminate();
      return Promise.resolve();
    },
  };
}

async function startWorkers(
  module: WasmModule,
  memory: WasmMemory,
  count: number,
): Promise<PageWorker[]> {
  const failed = Promise.withResolvers<never>();
  const workers = Array.from({ length: count }, (_, index) => {
    // Written so that bundlers see it.
    const worker = new Worker(new URL('./browserWorker.ts', import.meta.url), {
      type: 'module',
      name: `quantum ${index + 1}`,
    });
    worker.addEventListener('error', ({ message }) => failed.reject(new Error(message)));
    worker.postMessage({ module, memory, thread: index + 1 });
    return worker;
  });
  await Promise.race([allReady(memory, count), failed.promise]);
  return workers;
}
