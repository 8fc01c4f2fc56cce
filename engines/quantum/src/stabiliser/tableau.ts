import { CircuitError } from '@anarq/circuit';
import { multiplyRows, parity, popCount } from './bits.ts';
import { OP } from './ops.ts';
import type { PauliProduct } from './pauliProduct.ts';

/** Above this a tableau is refused: 2 GiB, which 65,000 qubits need. */
export const TABLEAU_BYTES_MAX = 2 ** 31;

/** Bytes that the tableau of so many qubits takes. */
export const tableauBytes = (qubits: number): number => 2 * qubits * 2 * 4 * wordsFor(qubits);

const wordsFor = (bits: number): number => Math.max(1, Math.ceil(bits / 32));

/**
 * The state U|0...0> of a Clifford circuit U, kept as the images `U^-1 P U` of the generators
 * P = X_q, Z_q (Gidney, "Stim", arXiv:2103.02202, section 2; the idea of a tableau is Aaronson and
 * Gottesman's, arXiv:quant-ph/0406196). Kept that way round, a gate touches only the rows of its own
 * qubits, and a result that is certain is read off one row.
 *
 * Row 2q is the image of X_q, row 2q + 1 that of Z_q: `words` words that say where it has an X, then
 * as many that say where it has a Z (both: Y), and a sign.
 */
export class Tableau {
  readonly qubits: number;
  readonly #words: number;
  readonly #rows: Int32Array;
  /** Where the row of each generator begins: gates that only exchange rows exchange these. */
  readonly #at: Int32Array;
  readonly #signs: Uint8Array;
  readonly #scratch: Int32Array;

  /**
   * |0...0>.
   * @throws CircuitError LIMIT above TABLEAU_BYTES_MAX
   */
  constructor(qubits: number) {
    const bytes = tableauBytes(qubits);
    if (bytes > TABLEAU_BYTES_MAX)
      throw new CircuitError(
        'LIMIT',
        `A tableau of ${qubits} qubits takes ${bytes} bytes; the limit is ${TABLEAU_BYTES_MAX}.`,
      );
    this.qubits = qubits;
    this.#words = wordsFor(qubits);
    this.#rows = new Int32Array(4 * qubits * this.#words);
    this.#at = Int32Array.from({ length: 2 * qubits }, (_, row) => row * 2 * this.#words);
    this.#signs = new Uint8Array(2 * qubits);
    this.#scratch = new Int32Array(2 * this.#words);
    for (let q = 0; q < qubits; q += 1) {
      this.#rows[this.#at[2 * q]! + (q >> 5)] = 1 << (q & 31);
      this.#rows[this.#at[2 * q + 1]! + this.#words + (q >> 5)] = 1 << (q & 31);
    }
  }

  copy(): Tableau {
    const copy = new Tableau(this.qubits);
    copy.#rows.set(this.#rows);
    copy.#at.set(this.#at);
    copy.#signs.set(this.#signs);
    return copy;
  }

  /** Back to |0...0>, without new memory. */
  clear(): void {
    this.#rows.fill(0);
    this.#signs.fill(0);
    for (let row = 0; row < 2 * this.qubits; row += 1) {
      const q = row >> 1;
      this.#at[row] = row * 2 * this.#words;
      this.#rows[this.#at[row]! + (row & 1) * this.#words + (q >> 5)] = 1 << (q & 31);
    }
  }

  /** Applies a gate of `OP`. */
  apply(op: number, a: number, b: number): void {
    switch (op) {
      case OP.X:
        this.x(a);
        return;
      case OP.Y:
        this.#signs[2 * a]! ^= 1;
        this.#signs[2 * a + 1]! ^= 1;
        return;
      case OP.Z:
        this.#signs[2 * a]! ^= 1;
        return;
      case OP.H:
        this.#exchange(2 * a, 2 * a + 1);
        return;
      // S^-1 X S = -Y = -i X Z, SDG^-1 X SDG = Y; and with X and Z exchanged for SXDG and SX, as Y = -i Z X.
      case OP.S:
        this.#multiply(2 * a, 2 * a + 1, 3);
        return;
      case OP.SDG:
        this.#multiply(2 * a, 2 * a + 1, 1);
        return;
      case OP.SX:
        this.#multiply(2 * a + 1, 2 * a, 3);
        return;
      case OP.SXDG:
        this.#multiply(2 * a + 1, 2 * a, 1);
        return;
      case OP.CX:
        this.#multiply(2 * a, 2 * b, 0);
        this.#multiply(2 * b + 1, 2 * a + 1, 0);
        return;
      case OP.CZ:
        this.#multiply(2 * a, 2 * b + 1, 0);
        this.#multiply(2 * b, 2 * a + 1, 0);
        return;
      default:
        this.#exchange(2 * a, 2 * b);
        this.#exchange(2 * a + 1, 2 * b + 1);
    }
  }

  x(qubit: number): void {
    this.#signs[2 * qubit + 1]! ^= 1;
  }

  /** Applies X where bit 0 of `pauli` is set, Z where bit 1 is, Y where both are. */
  pauli(pauli: number, qubit: number): void {
    this.#signs[2 * qubit]! ^= pauli >> 1;
    this.#signs[2 * qubit + 1]! ^= pauli & 1;
  }

  #exchange(a: number, b: number): void {
    const at = this.#at[a]!;
    const sign = this.#signs[a]!;
    this.#at[a] = this.#at[b]!;
    this.#signs[a] = this.#signs[b]!;
    this.#at[b] = at;
    this.#signs[b] = sign;
  }

  /** Row `target` becomes i^phase times itself times row `source`; the whole is Hermitian. */
  #multiply(target: number, source: number, phase: number): void {
    const power =
      phase +
      multiplyRows(this.#rows, this.#at[target]!, this.#rows, this.#at[source]!, this.#words);
    this.#signs[target]! ^= this.#signs[source]! ^ ((power >> 1) & 1);
  }

  /** The result that a measurement of Z would have, or -1 where both are as likely. */
  certain(qubit: number): number {
    return this.#pivot(this.#at[2 * qubit + 1]!) < 0 ? this.#signs[2 * qubit + 1]! : -1;
  }

  /**
   * Measures Z of a qubit. `choose` gives the result where both are as likely; it is called only then.
   */
  measure(qubit: number, choose: () => number): number {
    const row = 2 * qubit + 1;
    const pivot = this.#pivot(this.#at[row]!);
    if (pivot < 0) return this.#signs[row]!;
    const result = choose();
    this.#collapse(row, pivot, result);
    return result;
  }

  /** The first place at which a row has an X or a Y, or -1. */
  #pivot(at: number): number {
    for (let word = 0; word < this.#words; word += 1) {
      const bits = this.#rows[at + word]!;
      if (bits !== 0) return 32 * word + 31 - Math.clz32(bits & -bits);
    }
    return -1;
  }

  /**
   * Makes the state an eigenstate of a generator whose row W has an X or a Y at `pivot`, with the
   * eigenvalue (-1)^result. U becomes U C G F, of which C and F U are chosen so that the state only
   * changes by the projection: C, controlled X from `pivot` to every other place where W has an X,
   * leaves |0...0> as it is; G turns what W then has at `pivot` into Z; F is X there where the sign asks for it.
   */
  #collapse(row: number, pivot: number, result: number): void {
    const words = this.#words;
    const at = this.#at[row]!;
    const mask = this.#scratch.subarray(0, words);
    mask.set(this.#rows.subarray(at, at + words));
    mask[pivot >> 5]! ^= 1 << (pivot & 31);
    let from = 0;
    let to = words;
    while (from < to && mask[from] === 0) from += 1;
    while (to > from && mask[to - 1] === 0) to -= 1;

    const zAtPivot = (this.#rows[at + words + (pivot >> 5)]! >>> (pivot & 31)) & 1;
    let zs = 0;
    for (let word = from; word < to; word += 1) zs ^= this.#rows[at + words + word]! & mask[word]!;
    const isY = (zAtPivot ^ parity(zs)) === 1;

    this.#collapseRow(row, pivot, mask, from, to, isY, 0);
    const flip = this.#signs[row]! ^ result;
    this.#signs[row] = result;
    for (let other = 0; other < 2 * this.qubits; other += 1)
      if (other !== row) this.#collapseRow(other, pivot, mask, from, to, isY, flip);
  }

  /** One row under the conjugation that `#collapse` describes. */
  #collapseRow(
    row: number,
    pivot: number,
    mask: Int32Array,
    from: number,
    to: number,
    isY: boolean,
    flip: number,
  ): void {
    const rows = this.#rows;
    const words = this.#words;
    const at = this.#at[row]!;
    const xAt = at + (pivot >> 5);
    const zAt = xAt + words;
    const shift = pivot & 31;
    const x = (rows[xAt]! >>> shift) & 1;
    let z = (rows[zAt]! >>> shift) & 1;
    let sign = this.#signs[row]!;
    // The number of targets with a Z modulo 4, in two bits at each place.
    let ones = 0;
    let twos = 0;
    if (x === 0) {
      for (let word = from; word < to; word += 1) ones ^= rows[at + words + word]! & mask[word]!;
    } else {
      let both = 0;
      for (let word = from; word < to; word += 1) {
        const targets = mask[word]!;
        const zs = rows[at + words + word]! & targets;
        twos ^= ones & zs;
        ones ^= zs;
        both ^= rows[at + word]! & zs;
        rows[at + word]! ^= targets;
      }
      // A controlled X changes the sign where control has X, target has Z, and x of the target equals z of
      // the control; and z of the control changes with every target that has Z.
      const half = (popCount(ones) + 2 * popCount(twos)) >> 1;
      sign ^= parity(both) ^ (half & 1) ^ (parity(ones) & (z ^ 1));
    }
    z ^= parity(ones);
    let newX = z;
    let newZ = x;
    if (isY) {
      newX = x ^ z;
      newZ = z;
      sign ^= x & (z ^ 1);
    } else sign ^= x & z;
    rows[xAt]! ^= (newX ^ x) << shift;
    if (((rows[zAt]! >>> shift) & 1) !== newZ) rows[zAt]! ^= 1 << shift;
    this.#signs[row] = sign ^ (flip & newZ);
  }

  /** Brings a qubit to |0>; `choose` as in `measure`. */
  reset(qubit: number, choose: () => number): void {
    if (this.measure(qubit, choose) === 1) this.x(qubit);
  }

  /** The expectation value of a Pauli product: 1, -1, or 0 where both results are as likely. */
  expectation(product: PauliProduct): number {
    const sign = this.#pull(product);
    for (let word = 0; word < this.#words; word += 1) if (this.#scratch[word] !== 0) return 0;
    return sign === 0 ? 1 : -1;
  }

  /** `U^-1 P U` into the scratch row; returns its sign. */
  #pull({ x, z, sign }: PauliProduct): number {
    const words = this.#words;
    this.#scratch.fill(0);
    let power = 2 * sign;
    for (let q = 0; q < this.qubits; q += 1) {
      const hasX = (x[q >> 5]! >>> (q & 31)) & 1;
      const hasZ = (z[q >> 5]! >>> (q & 31)) & 1;
      power += hasX & hasZ; // Y = i X Z
      for (let row = 2 * q + (1 - hasX); row <= 2 * q + hasZ; row += 1)
        power +=
          2 * this.#signs[row]! + multiplyRows(this.#scratch, 0, this.#rows, this.#at[row]!, words);
    }
    return (power >> 1) & 1;
  }

  /** Generators of the group of Pauli products that leave the state as it is: U Z_k U^-1 for each k. */
  stabilisers(): PauliProduct[] {
    const result: PauliProduct[] = [];
    for (let k = 0; k < this.qubits; k += 1) {
      const x = new Int32Array(this.#words);
      const z = new Int32Array(this.#words);
      // It anticommutes with P exactly where Z_k does with U^-1 P U, that is where that has an X at k.
      for (let q = 0; q < this.qubits; q += 1) {
        x[q >> 5]! |= this.#xBit(2 * q + 1, k) << (q & 31);
        z[q >> 5]! |= this.#xBit(2 * q, k) << (q & 31);
      }
      const unsigned = { qubits: this.qubits, x, z, sign: 0 };
      result.push({ ...unsigned, sign: this.#pull(unsigned) });
    }
    return result;
  }

  #xBit(row: number, k: number): number {
    return (this.#rows[this.#at[row]! + (k >> 5)]! >>> (k & 31)) & 1;
  }
}
