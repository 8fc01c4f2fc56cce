import type { Observable, PauliFactor } from '../task.ts';

/** What Pauli products can be asked of. */
export interface Observed {
  expectation(factors: readonly PauliFactor[]): number;
}

/**
 * The expectation value of an observable after some qubits were measured, over all that they may have
 * shown: a product with X or Y on one of them has none.
 */
export function valueOf(
  state: Observed,
  observable: Observable,
  measured: ReadonlySet<number> = new Set(),
): number {
  return observable.reduce((sum, { coefficient, factors }) => {
    const isBlurred = factors.some(({ qubit, pauli }) => pauli !== 'Z' && measured.has(qubit));
    return isBlurred ? sum : sum + coefficient * state.expectation(factors);
  }, 0);
}
