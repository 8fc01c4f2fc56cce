export { sparseBytes } from './amplitudes.ts';
export { runSparse, SPARSE_ENTRIES_DEFAULT, type SparseOptions } from './runSparse.ts';
export { SparseState } from './sparseState.ts';
