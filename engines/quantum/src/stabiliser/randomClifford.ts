import { CircuitError, INSTRUCTIONS_MAX, type Circuit, type Instruction } from '@anarq/circuit';
import { Random } from '../random.ts';

const ONE_QUBIT = ['h', 's', 'sdg', 'sx', 'sxdg', 'sqrt_y'];

/**
 * A random Clifford circuit to measure by: in each layer every qubit has one of six gates, and then the
 * qubits are paired at random, with a cx on each pair; in the end all are measured.
 * @throws CircuitError LIMIT above INSTRUCTIONS_MAX gates
 */
export function randomClifford(qubits: number, layers: number, seed: bigint): Circuit {
  const count = layers * Math.floor(1.5 * qubits) + qubits;
  if (!(count <= INSTRUCTIONS_MAX))
    throw new CircuitError('LIMIT', `${count} gates; the limit is ${INSTRUCTIONS_MAX}.`);
  const random = new Random(seed);
  const body: Instruction[] = [];
  const order = Array.from({ length: qubits }, (_, q) => q);
  for (let layer = 0; layer < layers; layer += 1) {
    for (let q = 0; q < qubits; q += 1)
      body.push({ kind: 'gate', gate: ONE_QUBIT[random.below(6)]!, params: [], qubits: [q] });
    for (let k = qubits - 1; k > 0; k -= 1) {
      const other = random.below(k + 1);
      const qubit = order[k]!;
      order[k] = order[other]!;
      order[other] = qubit;
    }
    for (let k = 0; k + 1 < qubits; k += 2)
      body.push({ kind: 'gate', gate: 'cx', params: [], qubits: [order[k]!, order[k + 1]!] });
  }
  for (let q = 0; q < qubits; q += 1) body.push({ kind: 'measure', qubit: q, bit: q });
  return {
    qubits,
    qubitRegisters: [{ name: 'q', start: 0, size: qubits }],
    bits: qubits,
    bitRegisters: [{ name: 'c', start: 0, size: qubits }],
    variables: [],
    parameters: [],
    customGates: [],
    body,
  };
}
