/**
 * How a state vector lies in memory, the same for every executor.
 *
 * A state of n qubits has 2^n amplitudes; qubit k is bit k of an amplitude's index. They stand in blocks of
 * 64 bytes of real parts followed by 64 bytes of imaginary parts: 16 amplitudes a block in f32, 8 in f64. So
 * every width of SIMD (128, 256, 512 bits) finds its lanes beside each other, a row of amplitudes is one
 * stream in memory, and "real or imaginary" is a further index bit at position 4 (f32) or 3 (f64).
 *
 * A state has at least `STATE_QUBITS_MIN` qubits: a smaller one has further qubits above, which are |0> and
 * stay so. It begins at a multiple of `STATE_ALIGNMENT` bytes, in a SharedArrayBuffer (mostly that of a
 * WebAssembly.Memory) where several threads or executors share it.
 */
export type Precision = 'f32' | 'f64';

/** Numbers of one precision. */
export type Reals = Float32Array | Float64Array;

/** Fewer qubits than this are padded: 64 amplitudes are a whole number of blocks for every executor. */
export const STATE_QUBITS_MIN = 6;
/** Of the first amplitude, in bytes. */
export const STATE_ALIGNMENT = 64;
/** More than the memory of any machine this runs on; 2^(n+1) reals stay exact integers far beyond it. */
export const STATE_QUBITS_MAX = 34;

/** Amplitudes in a block: as many reals as fill 64 bytes. */
export const blockOf = (precision: Precision): 8 | 16 => (precision === 'f32' ? 16 : 8);

/** The qubits that a state of `qubits` qubits has in memory. */
export const paddedQubits = (qubits: number): number => Math.max(qubits, STATE_QUBITS_MIN);

/** Bytes of a state vector, to be known before any of them is taken. */
export const stateBytes = (qubits: number, precision: Precision): number =>
  2 ** paddedQubits(qubits) * (precision === 'f32' ? 8 : 16);

export const precisionOf = (state: Reals): Precision =>
  state instanceof Float32Array ? 'f32' : 'f64';

/**
 * Where the real part of an amplitude stands; its imaginary part stands `block` further.
 * @param index below 2^31
 * @param block of `blockOf`
 */
export const realAt = (index: number, block: number): number => index + (index & -block);
