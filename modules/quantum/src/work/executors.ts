import type { Executor, Precision } from '@anarq/quantum-engine';
import { findNative } from '@anarq/quantum-native';
import { wasmExecutor, type WasmPool } from '@anarq/quantum-wasm';
import { isOfVectors } from './vectors.ts';

/** Below this a state is done before an executor is ready. */
const QUBITS_MIN = 10;

interface Wanted {
  readonly method: string;
  readonly qubits: number;
  readonly precision: Precision;
  readonly threads: number;
  /** The same bits on every machine: kernels of WASM without fused multiply-adds, and no machine code. */
  readonly strict: boolean;
}

type PoolOptions = Pick<Wanted, 'precision' | 'threads' | 'strict'>;

let pool: { readonly key: string; readonly open: Promise<WasmPool> } | undefined;

/**
 * What computes the state vectors of a run: machine code where it is built, and until then WASM; nothing
 * where the engine's own is enough. Where machine code can be built, that begins behind.
 */
export async function executorFor(wanted: Wanted): Promise<Executor | undefined> {
  const { method, qubits, precision, threads, strict } = wanted;
  if (!isOfVectors(method)) return undefined;
  if (strict) return (await openPool({ precision, threads, strict })).executor;
  if (qubits < QUBITS_MIN && precision === 'f64') return undefined;
  const found = await findNative({ build: 'later' });
  if (found.kind === 'ready') return found.native.executor(precision, threads);
  return (await openPool({ precision, threads, strict })).executor;
}

/** One pool at a time: its memory does not shrink, and its threads wait. */
async function openPool({ precision, threads, strict }: PoolOptions): Promise<WasmPool> {
  const key = `${precision} ${threads} ${strict}`;
  if (pool?.key !== key) {
    const before = pool;
    pool = { key, open: wasmExecutor({ precision, threads, strict }) };
    await (await before?.open)?.close();
  }
  return pool.open;
}
