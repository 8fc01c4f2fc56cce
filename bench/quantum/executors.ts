import {
  blockOf,
  interpret,
  stateBytes,
  type Executor,
  type Plan,
  type Precision,
  type Reals,
} from '@anarq/quantum-engine';
import { findNative } from '@anarq/quantum-native';
import { wasmExecutor } from '@anarq/quantum-wasm';

/** Ours: `native` in the best kernels of this processor, `native avx2` in those, WASM, and TypeScript without any. */
export const SIDES = ['native', 'native avx2', 'wasm', 'typescript'] as const;
export type Side = (typeof SIDES)[number];

/** What runs plans, with memory for states. */
export interface Runner {
  /** With what it runs, for the conditions of a figure. */
  readonly about: string;
  allocate(qubits: number): Reals;
  release(state: Reals): void;
  run(state: Reals, plan: Plan): void;
}

/** @returns undefined where this machine does not have it */
export async function runnerFor(
  side: Side,
  precision: Precision,
  threads: number,
): Promise<Runner | undefined> {
  if (side === 'typescript') return threads === 1 ? plain(precision) : undefined;
  if (side === 'wasm')
    return ofEngine('WASM, 128-bit vectors', (await wasmExecutor({ precision, threads })).executor);
  const native = await findNative({
    build: 'wait',
    ...(side === 'native' ? {} : { kernels: side.slice('native '.length) }),
  });
  if (native.kind !== 'ready') return undefined;
  const { kernels, compiler } = native.native;
  return ofEngine(`${kernels}, ${compiler}`, native.native.executor(precision, threads));
}

const ofEngine = (about: string, executor: Executor): Runner => ({
  about,
  allocate: (qubits) => executor.allocate(qubits),
  release: (state) => executor.release(state),
  run: (state, plan) => executor.run(state, plan),
});

const plain = (precision: Precision): Runner => ({
  about: 'the interpreter of plans in TypeScript',
  allocate: (qubits) => {
    const memory = new ArrayBuffer(stateBytes(qubits, precision));
    return precision === 'f32' ? new Float32Array(memory) : new Float64Array(memory);
  },
  release: () => undefined,
  run: interpret,
});

/** Amplitude 0: no swap of names moves it. */
export const firstAmplitude = (state: Reals, precision: Precision): readonly [number, number] => [
  state[0] ?? Number.NaN,
  state[blockOf(precision)] ?? Number.NaN,
];
