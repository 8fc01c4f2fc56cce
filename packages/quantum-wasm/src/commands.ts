/**
 * Words at the start of the shared memory, below HOST_BYTES of the engine. The thread that computes writes a
 * call here and counts `ROUND` up; workers wait for that, make the call, and meet in the kernels' own barrier.
 */
export const BARRIER_AT = 64;

/** Indices of 32-bit words. */
export const ROUND = 32;
export const TAPE = 33;
export const END = 34;
export const SCRATCH = 35;
export const SCRATCH_BYTES = 36;
export const THREADS = 37;
/** Workers that are ready. */
export const READY = 38;
/** Workers that returned from the call of this round. */
export const RETURNED = 39;
export const WORDS = 40;
