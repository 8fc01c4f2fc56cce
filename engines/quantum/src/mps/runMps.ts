import { compile, runShots, type WalkOptions } from '../interpreter/index.ts';
import type { Outcome, Task } from '../task.ts';
import { MpsState } from './mpsState.ts';
import type { Cut } from './tensor.ts';

/** Kept of each bond, unless a task says otherwise: a bond of 128 takes 512 KiB a site. */
export const MPS_BOND_DEFAULT = 128;
/** Cut off of each bond: far below what a shot could show, far above rounding. */
export const MPS_CUT_OFF_DEFAULT = 1e-24;

export interface MpsOptions extends Partial<Cut>, WalkOptions {}

/** Bytes of a chain whose bonds are as large as they may be. */
export function mpsBytes(qubits: number, bondMax: number): number {
  let bytes = 0;
  for (let site = 0; site < qubits; site += 1) {
    const left = Math.min(bondMax, 2 ** Math.min(site, qubits - site, 52));
    const right = Math.min(bondMax, 2 ** Math.min(site + 1, qubits - site - 1, 52));
    bytes += 16 * 2 * left * right;
  }
  return bytes;
}

/**
 * Runs a task on a matrix product state; noise by trajectories. `discardedWeight` says what was cut off:
 * the mean over shots where each walked by itself.
 */
export function runMps(task: Task, options: MpsOptions = {}): Outcome {
  const { bondMax = MPS_BOND_DEFAULT, cutOff = MPS_CUT_OFF_DEFAULT, ...others } = options;
  const { circuit, shots, seed, observables = [] } = task;
  const state = MpsState.zero(circuit.qubits, { bondMax, cutOff });
  return runShots(compile(circuit), state, { shots, seed, observables, ...others });
}
