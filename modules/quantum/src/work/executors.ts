import type { Executor, Precision } from '@anarq/quantum-engine';
import { findNative } from '@anarq/quantum-native';
import { wasmExecutor, type WasmPool } from '@anarq/quantum-wasm';

/** Below this a state is done before an executor is ready. */
const QUBITS_MIN = 10;

interface Wanted {
  readonly method: string;
  readonly qubits: number;
  readonly precision: Precision;
  readonly threads: number;
}

let pool: { readonly key: string; readonly open: Promise<WasmPool> } | undefined;

/**
 * What computes the state vectors of a run: machine code where it is built, and until then WASM; nothing
 * where the engine's own is enough. Where machine code can be built, that begins behind.
 */
export async function executorFor(wanted: Wanted): Promise<Executor | undefined> {
  const { method, qubits, precision, threads } = wanted;
  const isVector = method === 'statevector' || method === 'trajectories';
  if (!isVector || (qubits < QUBITS_MIN && precision === 'f64')) return undefined;
  const found = await findNative({ build: 'later' });
  if (found.kind === 'ready') return found.native.executor(precision, threads);
  return (await openPool(precision, threads)).executor;
}

/** One pool at a time: its memory does not shrink, and its threads wait. */
async function openPool(precision: Precision, threads: number): Promise<WasmPool> {
  const key = `${precision} ${threads}`;
  if (pool?.key !== key) {
    const before = pool;
    pool = { key, open: wasmExecutor({ precision, threads }) };
    await (await before?.open)?.close();
  }
  return pool.open;
}
