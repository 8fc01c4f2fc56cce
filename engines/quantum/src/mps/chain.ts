import type { Matrix } from '@anarq/circuit';
import { applied, joined, movedLeft, movedRight, split, type Cut, type Tensor } from './tensor.ts';

const SWAP = Float64Array.from(
  [1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1].flatMap((x) => [x, 0]),
);

/**
 * A chain of tensors in mixed canonical form (Schollwöck, Ann. Phys. 326, 96, section 4.4): left of the
 * centre all are isometries towards the right, right of it towards the left; so the centre alone has the
 * norm, and cutting its singular values is cutting those of the whole state.
 */
export class Chain {
  readonly #cut: Cut;
  readonly #tensors: Tensor[];
  /** The site of each qubit, and the qubit at each site: gates far apart move qubits together. */
  readonly #siteOf: Int32Array;
  readonly #qubitAt: Int32Array;
  #centre: number;
  #discarded: number;

  constructor(qubits: number, cut: Cut, from?: Chain) {
    this.#cut = cut;
    this.#tensors =
      from?.tensors.slice() ??
      Array.from({ length: qubits }, () => ({
        lefts: 1,
        states: 2,
        rights: 1,
        entries: Float64Array.of(1, 0, 0, 0),
      }));
    this.#siteOf =
      from === undefined ? Int32Array.from({ length: qubits }, (_, k) => k) : from.sites();
    this.#qubitAt = new Int32Array(qubits);
    for (const [qubit, site] of this.#siteOf.entries()) this.#qubitAt[site] = qubit;
    this.#centre = from?.centre ?? 0;
    this.#discarded = from?.discardedWeight ?? 0;
  }

  clone(): Chain {
    return new Chain(this.#tensors.length, this.#cut, this);
  }

  get tensors(): readonly Tensor[] {
    return this.#tensors;
  }

  get centre(): number {
    return this.#centre;
  }

  /** The sum over all cuts of the share of squared singular values that went. */
  get discardedWeight(): number {
    return this.#discarded;
  }

  siteOf(qubit: number): number {
    return this.#siteOf[qubit]!;
  }

  qubitAt(site: number): number {
    return this.#qubitAt[site]!;
  }

  sites(): Int32Array {
    return this.#siteOf.slice();
  }

  /** Multiplies one site by a matrix that is an isometry, or any matrix where the centre stands. */
  applyAt(site: number, matrix: Matrix): void {
    this.#tensors[site] = applied(this.#tensors[site]!, matrix, [0]);
  }

  moveCentre(to: number): void {
    while (this.#centre < to) {
      const at = this.#centre;
      [this.#tensors[at], this.#tensors[at + 1]] = movedRight(
        this.#tensors[at]!,
        this.#tensors[at + 1]!,
      );
      this.#centre += 1;
    }
    while (this.#centre > to) {
      const at = this.#centre;
      [this.#tensors[at - 1], this.#tensors[at]] = movedLeft(
        this.#tensors[at - 1]!,
        this.#tensors[at]!,
      );
      this.#centre -= 1;
    }
  }

  /** Brings qubits beside each other, in the order they have already; answers the first site. */
  gather(qubits: readonly number[]): number {
    const sites = qubits.map((qubit) => this.siteOf(qubit)).toSorted((a, b) => a - b);
    const middle = Math.floor(sites.length / 2);
    const first = sites[middle]! - middle;
    for (let k = middle - 1; k >= 0; k -= 1) this.#moveSite(sites[k]!, first + k);
    for (let k = middle + 1; k < sites.length; k += 1) this.#moveSite(sites[k]!, first + k);
    return first;
  }

  /** Neighbouring sites as one tensor, the centre among them. */
  block(first: number, count: number): Tensor {
    this.moveCentre(Math.min(Math.max(this.#centre, first), first + count - 1));
    return this.#tensors.slice(first, first + count).reduce(joined);
  }

  /** Puts a tensor over several sites back; the centre is the last of them. */
  putBlock(first: number, block: Tensor): void {
    let rest = block;
    let site = first;
    for (; rest.states > 2; site += 1) {
      const parts = split(rest, 'rest', this.#cut);
      this.#tensors[site] = parts.first;
      this.#discarded += parts.discarded;
      rest = parts.rest;
    }
    this.#tensors[site] = rest;
    this.#centre = site;
  }

  #moveSite(from: number, to: number): void {
    for (let site = from; site < to; site += 1) this.#swap(site, 'rest');
    for (let site = from; site > to; site -= 1) this.#swap(site - 1, 'first');
  }

  #swap(site: number, weighted: 'first' | 'rest'): void {
    const parts = split(applied(this.block(site, 2), SWAP, [0, 1]), weighted, this.#cut);
    this.#tensors[site] = parts.first;
    this.#tensors[site + 1] = parts.rest;
    this.#centre = weighted === 'first' ? site : site + 1;
    this.#discarded += parts.discarded;
    const [a, b] = [this.#qubitAt[site]!, this.#qubitAt[site + 1]!];
    this.#qubitAt[site] = b;
    this.#qubitAt[site + 1] = a;
    this.#siteOf[b] = site;
    this.#siteOf[a] = site + 1;
  }
}
