import { CircuitError, controlled, type Control, type Matrix } from '@anarq/circuit';
import { projector, type QuantumState } from '../interpreter/index.ts';
import { adjointProduct, product } from '../linear/product.ts';
import type { PauliFactor } from '../task.ts';
import { Chain } from './chain.ts';
import { applied, type Cut, type Tensor } from './tensor.ts';
import { isUnitary } from './unitary.ts';

/** Qubits of one gate with its controls: more sites in one tensor grow beyond what fits. */
export const MPS_GATE_QUBITS_MAX = 12;

const PAULI: Readonly<Record<PauliFactor['pauli'], Matrix>> = {
  X: Float64Array.of(0, 0, 1, 0, 1, 0, 0, 0),
  Y: Float64Array.of(0, 0, 0, -1, 0, 1, 0, 0),
  Z: Float64Array.of(1, 0, 0, 0, 0, 0, -1, 0),
};

/**
 * A matrix product state (Vidal, PRL 91, 147902): memory and time grow with the entanglement across each
 * bond, not with the number of qubits. Exact as long as no bond needs more than `bondMax`; what was cut
 * off is counted.
 */
export class MpsState implements QuantumState {
  readonly qubits: number;
  readonly #chain: Chain;

  private constructor(qubits: number, chain: Chain) {
    this.qubits = qubits;
    this.#chain = chain;
  }

  /** |0…0>. */
  static zero(qubits: number, cut: Cut): MpsState {
    return new MpsState(qubits, new Chain(qubits, cut));
  }

  get discardedWeight(): number {
    return this.#chain.discardedWeight;
  }

  /** The largest bond there is. */
  get bond(): number {
    return this.#chain.tensors.reduce((most, { rights }) => Math.max(most, rights), 1);
  }

  /** @throws CircuitError LIMIT for a gate on more than MPS_GATE_QUBITS_MAX qubits with its controls */
  apply(matrix: Matrix, qubits: readonly number[], controls: readonly Control[]): void {
    const operands = [...controls.map(({ qubit }) => qubit), ...qubits];
    if (operands.length > MPS_GATE_QUBITS_MAX)
      throw new CircuitError(
        'LIMIT',
        `A matrix product state takes gates on at most ${MPS_GATE_QUBITS_MAX} qubits with their controls, not ${operands.length}.`,
      );
    const whole = controls.reduceRight<Matrix>((m, { value }) => controlled(m, value), matrix);
    if (operands.length === 0) {
      if (this.qubits > 0) this.#applyOne(scalar(whole), 0);
    } else if (operands.length === 1) this.#applyOne(whole, this.#chain.siteOf(operands[0]!));
    else {
      const { block, first, bits } = this.#blockOf(operands);
      this.#chain.putBlock(first, applied(block, whole, bits));
    }
  }

  probabilityOfOne(qubit: number): number {
    const site = this.#chain.siteOf(qubit);
    this.#chain.moveCentre(site);
    const { lefts, rights, entries } = this.#chain.tensors[site]!;
    let sum = 0;
    for (let right = 0; right < rights; right += 1)
      for (let at = 2 * lefts * (1 + 2 * right); at < 4 * lefts * (1 + right); at += 1)
        sum += entries[at]! * entries[at]!;
    return Math.min(1, sum);
  }

  collapse(qubit: number, value: 0 | 1, probability: number): void {
    this.apply(projector(value, probability), [qubit], []);
  }

  reduced(qubits: readonly number[]): Matrix {
    const { block, bits } = this.#blockOf(qubits);
    const { lefts, states, rights, entries } = block;
    const size = 2 ** qubits.length;
    const rho = new Float64Array(2 * size * size);
    const stateOf = (index: number): number =>
      bits.reduce((sum, bit, k) => sum | (((index >> k) & 1) << bit), 0);
    for (let row = 0; row < size; row += 1)
      for (let column = 0; column < size; column += 1) {
        const to = 2 * (row * size + column);
        for (let right = 0; right < rights; right += 1) {
          const a = 2 * lefts * (stateOf(row) + states * right);
          const b = 2 * lefts * (stateOf(column) + states * right);
          for (let k = 0; k < 2 * lefts; k += 2) {
            rho[to]! +=
              entries[a + k]! * entries[b + k]! + entries[a + k + 1]! * entries[b + k + 1]!;
            rho[to + 1]! +=
              entries[a + k + 1]! * entries[b + k]! - entries[a + k]! * entries[b + k + 1]!;
          }
        }
      }
    return rho;
  }

  expectation(factors: readonly PauliFactor[]): number {
    if (factors.length === 0) return 1;
    const paulis = new Map(factors.map(({ qubit, pauli }) => [this.#chain.siteOf(qubit), pauli]));
    const first = Math.min(...paulis.keys());
    const last = Math.max(...paulis.keys());
    this.#chain.moveCentre(first);
    // The overlap of the state with itself up to a site: left of the first it is the identity.
    let overlap: Float64Array | undefined;
    for (let site = first; site <= last; site += 1) {
      const tensor = this.#chain.tensors[site]!;
      const { lefts, states, rights, entries } = tensor;
      const moved =
        overlap === undefined ? entries : product(overlap, entries, lefts, lefts, states * rights);
      const pauli = paulis.get(site);
      const acted =
        pauli === undefined
          ? moved
          : applied({ ...tensor, entries: moved }, PAULI[pauli], [0]).entries;
      overlap = adjointProduct(entries, acted, rights, lefts * states, rights);
    }
    const size = this.#chain.tensors[last]!.rights;
    let trace = 0;
    for (let k = 0; k < size; k += 1) trace += overlap![2 * (k + size * k)]!;
    return trace;
  }

  clone(): MpsState {
    return new MpsState(this.qubits, this.#chain.clone());
  }

  /** Site by site, each given what the ones before showed (Ferris and Vidal, PRB 85, 165146). */
  sampler(): (uniform: () => number, into: Uint8Array) => void {
    if (this.qubits > 0) this.#chain.moveCentre(0);
    const tensors = this.#chain.tensors.slice();
    const order = tensors.map((_, site) => this.#chain.qubitAt(site));
    return (uniform, into) => {
      let given: Float64Array = Float64Array.of(1, 0);
      for (const [site, tensor] of tensors.entries()) {
        const found = next(tensor, given, uniform());
        into[order[site]!] = found.state;
        given = found.given;
      }
    };
  }

  #applyOne(matrix: Matrix, site: number): void {
    if (!isUnitary(matrix)) this.#chain.moveCentre(site);
    this.#chain.applyAt(site, matrix);
  }

  #blockOf(qubits: readonly number[]): {
    readonly block: Tensor;
    readonly first: number;
    readonly bits: readonly number[];
  } {
    const first = this.#chain.gather(qubits);
    const block = this.#chain.block(first, qubits.length);
    return { block, first, bits: qubits.map((qubit) => this.#chain.siteOf(qubit) - first) };
  }
}

/** A number as a matrix of one qubit. */
const scalar = (matrix: Matrix): Matrix =>
  Float64Array.of(matrix[0]!, matrix[1]!, 0, 0, 0, 0, matrix[0]!, matrix[1]!);

/** Draws the state of a site, given the amplitudes of what is left of it. */
function next(
  { lefts, rights, entries }: Tensor,
  given: Float64Array,
  uniform: number,
): { readonly state: 0 | 1; readonly given: Float64Array } {
  const ways = [new Float64Array(2 * rights), new Float64Array(2 * rights)] as const;
  const weights = [0, 0];
  for (const [state, way] of ways.entries())
    for (let right = 0; right < rights; right += 1) {
      const from = 2 * lefts * (state + 2 * right);
      let re = 0;
      let im = 0;
      for (let k = 0; k < 2 * lefts; k += 2) {
        re += given[k]! * entries[from + k]! - given[k + 1]! * entries[from + k + 1]!;
        im += given[k]! * entries[from + k + 1]! + given[k + 1]! * entries[from + k]!;
      }
      way[2 * right] = re;
      way[2 * right + 1] = im;
      weights[state]! += re * re + im * im;
    }
  const state = uniform * (weights[0]! + weights[1]!) < weights[1]! ? 1 : 0;
  const scale = 1 / Math.sqrt(weights[state]!);
  return { state, given: ways[state].map((part) => part * scale) };
}
