import type { GateInstruction, Instruction } from '../circuit.ts';

/** A product of Paulis on different qubits, and whether it is negated. */
export interface Product {
  readonly factors: readonly (readonly [number, 'X' | 'Y' | 'Z'])[];
  readonly negative: boolean;
  /** Whether it has no factor i, as X1*Z1 has. */
  readonly hermitian: boolean;
}

export const gateOf = (gate: string, ...qubits: readonly number[]): GateInstruction => ({
  kind: 'gate',
  gate,
  params: [],
  qubits,
});

/** The product of these factors in their order; `negations` counts those that are written with `!`. */
export function productOf(
  factors: readonly (readonly [number, 'X' | 'Y' | 'Z'])[],
  negations = 0,
): Product {
  // Each Pauli is i^(xz) X^x Z^z; a product of X^x Z^z with another brings (-1)^(z x').
  const byQubit = new Map<number, { x: number; z: number }>();
  let quarters = 2 * (negations % 2);
  for (const [qubit, pauli] of factors) {
    const [x, z] = [pauli === 'Z' ? 0 : 1, pauli === 'X' ? 0 : 1];
    const before = byQubit.get(qubit) ?? { x: 0, z: 0 };
    quarters += x * z + 2 * before.z * x;
    byQubit.set(qubit, { x: before.x ^ x, z: before.z ^ z });
  }
  const result: (readonly [number, 'X' | 'Y' | 'Z'])[] = [];
  for (const [qubit, { x, z }] of byQubit) {
    quarters -= x * z;
    if (x + z > 0) result.push([qubit, x === 0 ? 'Z' : z === 0 ? 'X' : 'Y']);
  }
  quarters = ((quarters % 4) + 4) % 4;
  return { factors: result, negative: quarters === 2, hermitian: quarters % 2 === 0 };
}

/** A gate that is its own inverse and takes Z to a Pauli, or none for Z. */
export const BASIS_GATE = { X: 'h', Y: 'h_yz', Z: undefined } as const;

/**
 * What is done to the first qubit's Z in place of the product: the gates that bring the product
 * there, `inside`, and the gates back.
 */
export function onProduct({ factors }: Product, inside: readonly Instruction[]): Instruction[] {
  const turns = factors.flatMap(([qubit, pauli]) => {
    const gate = BASIS_GATE[pauli];
    return gate === undefined ? [] : [gateOf(gate, qubit)];
  });
  const [first] = factors;
  const gather = factors.slice(1).map(([qubit]) => gateOf('cx', qubit, first![0]));
  return [...turns, ...gather, ...inside, ...gather.toReversed(), ...turns];
}

/** The product as an error of probability p: a channel of the table up to two qubits, beyond one between gates. */
export function errorOf(product: Product, p: number): Instruction[] {
  const { factors } = product;
  const error = (channel: string, params: readonly number[], qubits: readonly number[]) =>
    ({ kind: 'noise', channel, params, qubits }) satisfies Instruction;
  const [first, second] = factors;
  if (first === undefined) return [];
  if (second === undefined) return [error(`${first[1].toLowerCase()}_error`, [p], [first[0]])];
  if (factors.length === 2) {
    const index = 4 * '_XYZ'.indexOf(first[1]) + '_XYZ'.indexOf(second[1]);
    const params = Array.from({ length: 15 }, (_, at) => (at === index - 1 ? p : 0));
    return [error('pauli_channel_2', params, [first[0], second[0]])];
  }
  return onProduct(product, [error('z_error', [p], [first[0]])]);
}
