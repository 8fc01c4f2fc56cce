import { tensor, type Matrix } from '@anarq/circuit';
import { conjugated } from '../dense/structure.ts';
import type { NoiseChannel } from '../interpreter/index.ts';

const known = new WeakMap<NoiseChannel, Matrix>();

/**
 * A channel as one matrix over the row and the column of a density matrix: the sum of `K (x) conj(K)`.
 * The qubits of the row are its lowest operands.
 */
export function superoperatorOf(channel: NoiseChannel): Matrix {
  let matrix = known.get(channel);
  if (matrix === undefined) {
    matrix = sum(channel);
    known.set(channel, matrix);
  }
  return matrix;
}

function sum({ kraus, qubits }: NoiseChannel): Matrix {
  const result = new Float64Array(2 * 16 ** qubits);
  for (const operator of kraus)
    for (const [at, entry] of tensor(operator, conjugated(operator)).entries())
      result[at]! += entry;
  return result;
}
