import type { Circuit } from './circuit.ts';
import { CircuitError } from './error.ts';
import { evaluateAngle } from './evaluate.ts';
import { GATES } from './gates.ts';
import { controlled, embedded, identityMatrix, multiply, type Matrix } from './matrix.ts';
import { expandCustomGates, unknownGate } from './transform/expand.ts';

const QUBITS_MAX = 8;

/**
 * The matrix of a small circuit of gates, each multiplied onto those before: what a circuit means,
 * made to be plain and not to be fast.
 * @throws CircuitError LIMIT above 8 qubits, UNSUPPORTED for what is no gate (barriers and
 * coordinates do nothing)
 */
export function unitaryOf(circuit: Circuit): Matrix {
  if (circuit.qubits > QUBITS_MAX)
    throw new CircuitError(
      'LIMIT',
      `The matrix of a circuit is made up to ${QUBITS_MAX} qubits, not for ${circuit.qubits}.`,
    );
  let product = identityMatrix(circuit.qubits);
  for (const instruction of expandCustomGates(circuit).body) {
    if (instruction.kind === 'barrier' || instruction.kind === 'coordinates') continue;
    if (instruction.kind !== 'gate' && instruction.kind !== 'unitary')
      throw new CircuitError(
        'UNSUPPORTED',
        `A circuit with ${instruction.kind} in it has no matrix.`,
      );
    let matrix =
      instruction.kind === 'unitary'
        ? instruction.matrix
        : (GATES.get(instruction.gate) ?? unknownGate(instruction.gate)).matrix(
            ...instruction.params.map((param) => evaluateAngle(param)),
          );
    // `controlled` puts its operand before the others, so the last control goes on first.
    const controls = instruction.controls ?? [];
    for (const { value } of controls.toReversed()) matrix = controlled(matrix, value);
    const qubits = [...controls.map(({ qubit }) => qubit), ...instruction.qubits];
    product = multiply(embedded(matrix, qubits, circuit.qubits), product);
  }
  return product;
}
