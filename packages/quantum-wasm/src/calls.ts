import { WasmExecutor, type KernelCall, type Precision } from '@anarq/quantum-engine';
import {
  BARRIER_AT,
  END,
  READY,
  RETURNED,
  ROUND,
  SCRATCH,
  SCRATCH_BYTES,
  TAPE,
  THREADS,
  WORDS,
} from './commands.ts';
import { runOf, type WasmMemory, type WasmModule } from './webAssembly.ts';

/** All that 32-bit addresses reach; reserved, not taken. */
const PAGES_MAX = 65_536;
const THREADS_MAX = 64;

/** @throws RangeError for a number of threads that is none, or above THREADS_MAX */
export function checkThreads(threads: number): void {
  if (!(Number.isInteger(threads) && threads >= 1 && threads <= THREADS_MAX))
    throw new RangeError(`${threads} threads; it takes 1 to ${THREADS_MAX}`);
}

/** Memory for kernels and all their threads, still without a state. */
export const kernelMemory = (): WasmMemory =>
  new WebAssembly.Memory({ initial: 1, maximum: PAGES_MAX, shared: true });

/** What a worker is given: the code, the memory that all share, and its number from 1 on. */
export interface Given {
  readonly module: WasmModule;
  readonly memory: WasmMemory;
  readonly thread: number;
}

/** Which kernels a module has, and how many threads run them. */
interface Kernels {
  readonly precision: Precision;
  readonly threads: number;
  readonly strict: boolean;
}

/** Runs plans with the calling thread, which is blocked meanwhile, and with workers that `serve`. */
export function executorOn(
  module: WasmModule,
  memory: WasmMemory,
  { precision, threads, strict }: Kernels,
): WasmExecutor {
  const words = wordsOf(memory);
  const run = runOf(module, memory);
  const call = (made: KernelCall): void => {
    if (threads > 1) tellWorkers(words, made, threads);
    run(made.tape, made.end, made.scratch, 0, threads, BARRIER_AT);
    if (threads > 1) awaitWorkers(words, threads - 1);
  };
  return new WasmExecutor({ memory, threads, call }, { precision, strict });
}

const wordsOf = (memory: WasmMemory): Int32Array<SharedArrayBuffer> =>
  new Int32Array(memory.buffer, 0, WORDS);

function tellWorkers(words: Int32Array, call: KernelCall, threads: number): void {
  words[TAPE] = call.tape;
  words[END] = call.end;
  words[SCRATCH] = call.scratch;
  words[SCRATCH_BYTES] = call.scratchBytes;
  words[THREADS] = threads;
  Atomics.store(words, RETURNED, 0);
  Atomics.add(words, ROUND, 1);
  Atomics.notify(words, ROUND);
}

/** So that no worker is still in this call when the next one is written. */
function awaitWorkers(words: Int32Array, workers: number): void {
  for (let done = Atomics.load(words, RETURNED); done < workers;) {
    Atomics.wait(words, RETURNED, done);
    done = Atomics.load(words, RETURNED);
  }
}

/** Until so many workers wait for calls. */
export async function allReady(memory: WasmMemory, workers: number): Promise<void> {
  const words = wordsOf(memory);
  for (let now = Atomics.load(words, READY); now < workers; now = Atomics.load(words, READY)) {
    const { async: waits, value } = Atomics.waitAsync(words, READY, now);
    if (waits) await value;
  }
}

/** A worker's life: makes the calls that the first thread writes, until it is terminated. */
export function serve({ module, memory, thread }: Given): never {
  const run = runOf(module, memory);
  const words = wordsOf(memory);
  const word = (at: number): number => words[at] ?? 0;
  let round = Atomics.load(words, ROUND);
  Atomics.add(words, READY, 1);
  Atomics.notify(words, READY);
  for (;;) {
    Atomics.wait(words, ROUND, round);
    round = Atomics.load(words, ROUND);
    const scratch = (word(SCRATCH) >>> 0) + thread * word(SCRATCH_BYTES);
    run(word(TAPE), word(END), scratch, thread, word(THREADS), BARRIER_AT);
    Atomics.add(words, RETURNED, 1);
    Atomics.notify(words, RETURNED);
  }
}
