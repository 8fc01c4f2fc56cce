import { channelOf, CircuitError, type NoiseInstruction } from '@anarq/circuit';
import type { Noise } from './program.ts';

/** The letters I, X, Y, Z in the numbering of `Noise.errors`. */
const LETTERS = [0, 1, 3, 2];

/**
 * Noise as a program holds it.
 * @throws CircuitError UNSUPPORTED where the channel is no mixture of Pauli errors
 */
export function noiseOf({ channel: name, params, qubits }: NoiseInstruction): Noise {
  const channel = channelOf(name, params);
  const arity = channel.qubits;
  if (channel.pauliProbabilities === undefined || (arity !== 1 && arity !== 2))
    throw new CircuitError(
      'UNSUPPORTED',
      `${name} is no mixture of Pauli errors on one or two qubits; the stabiliser method takes no other noise.`,
    );
  if (qubits.length % arity !== 0)
    throw new CircuitError(
      'SEMANTICS',
      `${name} acts on ${arity} qubits at a time; ${qubits.length} are named.`,
    );
  const errors = channel
    .pauliProbabilities(...params)
    .map((probability, at) => ({
      // Stim's order: the letter of operand 0 counts most.
      pauli: arity === 1 ? LETTERS[at]! : LETTERS[at >> 2]! | (LETTERS[at & 3]! << 2),
      probability,
    }))
    .filter(({ pauli, probability }) => pauli !== 0 && probability > 0);
  const total = errors.reduce((sum, { probability }) => sum + probability, 0);
  return { arity, total: Math.min(1, total), errors, targets: Int32Array.from(qubits) };
}
