import {
  CircuitError,
  identityMatrix,
  matrixOf,
  tensor,
  type Channel,
  type Matrix,
} from '@anarq/circuit';

/**
 * A noise channel: rho becomes the sum of `K rho K^dagger` over its Kraus operators. Where it is a
 * mixture of unitaries, one of them happens with its probability, whatever the state.
 */
export interface NoiseChannel {
  readonly qubits: number;
  readonly kraus: readonly Matrix[];
  readonly unitaries?: readonly WeightedUnitary[];
}

interface WeightedUnitary {
  readonly probability: number;
  /** None: nothing happens. */
  readonly matrix?: Matrix;
}

const PAULIS: readonly Matrix[] = [
  identityMatrix(1),
  matrixOf([0, 1, 1, 0]),
  matrixOf([0, [0, -1], [0, 1], 0]),
  matrixOf([1, 0, 0, -1]),
];

/** Of a sum of probabilities, or an entry of the sum of K^dagger K, from what it must be. */
const TOLERANCE = 1e-9;

/**
 * A channel of the table. A mixture of Pauli errors is held as such, whatever its Kraus operators are.
 * @throws CircuitError SEMANTICS where its Kraus operators do not keep the trace: the sum of K^dagger K is
 * not the identity
 */
export function noiseChannel(channel: Channel, params: readonly number[]): NoiseChannel {
  const kraus = channel.kraus(...params);
  checkTrace(kraus, channel.qubits);
  const probabilities = channel.pauliProbabilities?.(...params);
  return {
    qubits: channel.qubits,
    kraus,
    ...(probabilities === undefined ? {} : { unitaries: pauliErrors(probabilities) }),
  };
}

/** Probabilities in the order II, IX, IY, …, operand 0 counting most, as matrices. */
function pauliErrors(probabilities: readonly number[]): readonly WeightedUnitary[] {
  const qubits = Math.log2(probabilities.length) / 2;
  return probabilities.map((probability, at) => {
    if (at === 0) return { probability };
    const letters = Array.from(
      { length: qubits },
      (_, k) => PAULIS[(at >> (2 * (qubits - 1 - k))) & 3]!,
    );
    return { probability, matrix: tensor(...letters) };
  });
}

function checkTrace(kraus: readonly Matrix[], qubits: number): void {
  const grams = kraus.map(gram);
  const size = 2 ** qubits;
  for (let at = 0; at < 2 * size * size; at += 1) {
    const sum = grams.reduce((total, matrix) => total + matrix[at]!, 0);
    const expected = at % (2 * size + 2) === 0 ? 1 : 0;
    if (!(Math.abs(sum - expected) <= TOLERANCE))
      throw new CircuitError(
        'SEMANTICS',
        'The Kraus operators of a channel do not keep the trace.',
      );
  }
}

/** K^dagger K. */
function gram(matrix: Matrix): Matrix {
  const size = Math.sqrt(matrix.length / 2);
  const result = new Float64Array(matrix.length);
  for (let row = 0; row < size; row += 1)
    for (let column = 0; column < size; column += 1)
      for (let k = 0; k < size; k += 1) {
        const a = 2 * (k * size + row);
        const b = 2 * (k * size + column);
        const to = 2 * (row * size + column);
        result[to] = result[to]! + matrix[a]! * matrix[b]! + matrix[a + 1]! * matrix[b + 1]!;
        result[to + 1] =
          result[to + 1]! + matrix[a]! * matrix[b + 1]! - matrix[a + 1]! * matrix[b]!;
      }
  return result;
}

/** The probability of a Kraus operator in a state of its qubits: the trace of `K rho K^dagger`. */
export function probabilityOf(kraus: Matrix, rho: Matrix): number {
  const matrix = gram(kraus);
  const size = Math.sqrt(matrix.length / 2);
  let sum = 0;
  for (let row = 0; row < size; row += 1)
    for (let column = 0; column < size; column += 1) {
      const a = 2 * (row * size + column);
      const b = 2 * (column * size + row);
      sum += matrix[a]! * rho[b]! - matrix[a + 1]! * rho[b + 1]!;
    }
  return Math.max(0, sum);
}
