import type { Instruction } from '@anarq/circuit';
import { Random } from '../../src/random.ts';
import { gate } from '../building.ts';

export const range = (count: number): number[] => Array.from({ length: count }, (_, k) => k);

/** Layers of gates on neighbours, each with angles of its own. */
export const brickwork = (qubits: number, depth: number, seed: bigint): Instruction[] => {
  const random = new Random(seed);
  const angle = (): number => 6 * random.uniform();
  return range(depth).flatMap((layer) => [
    ...range(qubits).map((k) => gate('u3', [k], [angle(), angle(), angle()])),
    ...range(qubits - 1)
      .filter((k) => k % 2 === layer % 2)
      .map((k) => gate('fsim', [k, k + 1], [angle(), angle()])),
  ]);
};
