import type { Noise } from './program.ts';

/**
 * Probabilities with which Pauli errors happen independently of each other, so that together they are
 * the channel, of which one error at most happens. They exist where each comes out between 0 and 1/2;
 * then they are exact. Where they do not, the channel's own probabilities are returned, which is off by
 * the order of their squares.
 *
 * An error e changes the sign of the character s with (-1)^<s,e>; so the eigenvalues of the channel are
 * products over the errors: ln lambda_s = sum over e with <s,e> = 1 of ln(1 - 2 q_e), which Hadamard's
 * transform solves for q_e (as in Stim's depolarizing channels, arXiv:2103.02202).
 */
export function independentErrors({
  arity,
  errors,
}: Pick<Noise, 'arity' | 'errors'>): Noise['errors'] {
  if (errors.length <= 1) return errors;
  const size = 4 ** arity;
  const logs = new Float64Array(size);
  for (let s = 0; s < size; s += 1) {
    let lambda = 1;
    for (const { pauli, probability } of errors) if (odd(s & pauli)) lambda -= 2 * probability;
    logs[s] = Math.log(lambda);
  }
  const result: { pauli: number; probability: number }[] = [];
  for (let pauli = 1; pauli < size; pauli += 1) {
    let sum = 0;
    for (let s = 0; s < size; s += 1) sum += odd(s & pauli) ? -logs[s]! : logs[s]!;
    const probability = -Math.expm1((-2 / size) * sum) / 2;
    if (!(probability > -1e-12 && probability < 0.5)) return errors;
    if (probability > 1e-15) result.push({ pauli, probability });
  }
  return result;
}

const odd = (bits: number): boolean => ((0x6996 >>> bits) & 1) === 1;
