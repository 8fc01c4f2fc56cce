import { GATES, type Circuit, type Instruction, type Matrix } from '@anarq/circuit';

/** A state that gates, measurements and resets act on one after the other. */
export interface State {
  gate(name: string, qubits: readonly number[]): void;
  /** 0 or 1 where the result is certain, else -1. */
  certain(qubit: number): number;
  measure(qubit: number, choose: () => number): number;
}

/** Runs a circuit of gates without parameters, measurements, resets, repetitions, and `if` on one bit. */
export function runOn(
  state: State,
  circuit: Circuit,
  choose: () => number,
): { bits: number[]; record: number[] } {
  const bits = Array<number>(circuit.bits).fill(0);
  const record: number[] = [];
  const run = (body: readonly Instruction[]): void => {
    for (const step of body)
      if (step.kind === 'gate') state.gate(step.gate, step.qubits);
      else if (step.kind === 'reset') {
        if (state.measure(step.qubit, choose) === 1) state.gate('x', [step.qubit]);
      } else if (step.kind === 'measure') {
        const result = state.measure(step.qubit, choose) ^ (step.inverted ? 1 : 0);
        record.push(result);
        if (step.bit !== undefined) bits[step.bit] = result;
      } else if (step.kind === 'repeat') for (let k = 0; k < step.times; k += 1) run(step.body);
      else if (step.kind === 'if' && step.condition.kind === 'bit')
        run(bits[step.condition.bit] === 1 ? step.then : step.else);
      else if (step.kind !== 'detector' && step.kind !== 'observable') throw new Error(step.kind);
  };
  run(circuit.body);
  return { bits, record };
}

/** Gates as words of the three that generate all Clifford gates: h, s, and c for cx (C: cx turned round). */
const WORDS: Readonly<Record<string, string>> = {
  id: '',
  x: 'h0 s0 s0 h0',
  y: 's0 h0 s0 s0 h0 s0 s0 s0',
  z: 's0 s0',
  h: 'h0',
  s: 's0',
  sdg: 's0 s0 s0',
  sx: 'h0 s0 h0',
  sxdg: 'h0 s0 s0 s0 h0',
  sqrt_y: 's0 s0 h0',
  sqrt_y_dag: 'h0 s0 s0',
  cx: 'c',
  cy: 's1 s1 s1 c s1',
  cz: 'h1 c h1',
  swap: 'c C c',
  iswap: 's0 s1 h0 c C h1',
  ecr: 's0 h1 s1 h1 c h0 s0 s0 h0',
};
export const GATE_NAMES = Object.keys(WORDS);

interface Row {
  x: boolean[];
  z: boolean[];
  negative: boolean;
}

/** Aaronson and Gottesman's tableau, arXiv:quant-ph/0406196, as the paper tells it. */
export class PlainTableau implements State {
  /** n destabilisers, n stabilisers. */
  readonly rows: Row[];
  readonly #n: number;

  constructor(qubits: number) {
    this.#n = qubits;
    const letters = (k: number): boolean[] => Array.from({ length: qubits }, (_, q) => q === k);
    this.rows = Array.from({ length: 2 * qubits }, (_, k) => ({
      x: letters(k),
      z: letters(k - qubits),
      negative: false,
    }));
  }

  gate(name: string, qubits: readonly number[]): void {
    for (const word of WORDS[name]!.split(' ').filter((text) => text !== '')) {
      const [a = 0, b = 0] = word === 'C' ? qubits.toReversed() : qubits;
      const target = word[1] === '1' ? b : a;
      for (const row of this.rows)
        if (word[0] === 'h') {
          row.negative = row.negative !== (row.x[target]! && row.z[target]!);
          [row.x[target], row.z[target]] = [row.z[target]!, row.x[target]!];
        } else if (word[0] === 's') {
          row.negative = row.negative !== (row.x[target]! && row.z[target]!);
          row.z[target] = row.z[target] !== row.x[target];
        } else {
          const flips = row.x[a]! && row.z[b]! && row.x[b] === row.z[a];
          row.negative = row.negative !== flips;
          row.x[b] = row.x[b] !== row.x[a];
          row.z[a] = row.z[a] !== row.z[b];
        }
    }
  }

  certain(qubit: number): number {
    if (this.rows.slice(this.#n).some((row) => row.x[qubit])) return -1;
    const sum = this.#identity();
    for (let k = 0; k < this.#n; k += 1)
      if (this.rows[k]!.x[qubit]) this.#multiply(sum, this.rows[k + this.#n]!);
    return sum.negative ? 1 : 0;
  }

  measure(qubit: number, choose: () => number): number {
    const certain = this.certain(qubit);
    if (certain >= 0) return certain;
    const p = this.rows.findIndex((row, k) => k >= this.#n && row.x[qubit]);
    for (const [k, row] of this.rows.entries())
      if (k !== p && k !== p - this.#n && row.x[qubit]) this.#multiply(row, this.rows[p]!);
    this.rows[p - this.#n] = this.rows[p]!;
    const result = choose();
    this.rows[p] = { ...this.#identity(), negative: result === 1 };
    this.rows[p]!.z[qubit] = true;
    return result;
  }

  stabilisers(): string[] {
    return this.rows
      .slice(this.#n)
      .map(
        ({ x, z, negative }) =>
          (negative ? '-' : '+') +
          x.map((has, q) => '_XZY'[Number(has) + 2 * Number(z[q])]).join(''),
      );
  }

  #identity(): Row {
    const none = (): boolean[] => Array<boolean>(this.#n).fill(false);
    return { x: none(), z: none(), negative: false };
  }

  /** The paper's rowsum. */
  #multiply(h: Row, i: Row): void {
    let power = 2 * Number(h.negative) + 2 * Number(i.negative);
    for (let q = 0; q < this.#n; q += 1) {
      const [x1, z1, x2, z2] = [i.x[q]!, i.z[q]!, h.x[q]!, h.z[q]!].map(Number) as [
        number,
        number,
        number,
        number,
      ];
      if (x1 === 1 && z1 === 1) power += z2 - x2;
      else if (x1 === 1) power += z2 * (2 * x2 - 1);
      else if (z1 === 1) power += x2 * (1 - 2 * z2);
      h.x[q] = h.x[q] !== i.x[q];
      h.z[q] = h.z[q] !== i.z[q];
    }
    h.negative = ((power % 4) + 4) % 4 === 2;
  }
}

/** A state vector, gates by their matrices. */
export class PlainVector implements State {
  re: Float64Array;
  im: Float64Array;
  readonly #n: number;

  constructor(qubits: number) {
    this.#n = qubits;
    this.re = new Float64Array(2 ** qubits);
    this.im = new Float64Array(2 ** qubits);
    this.re[0] = 1;
  }

  gate(name: string, qubits: readonly number[]): void {
    [this.re, this.im] = this.#times(GATES.get(name)!.matrix(), qubits);
  }

  #times(matrix: Matrix, qubits: readonly number[]): [Float64Array, Float64Array] {
    const re = new Float64Array(this.re.length);
    const im = new Float64Array(this.re.length);
    const size = 2 ** qubits.length;
    for (let index = 0; index < this.re.length; index += 1) {
      const column = qubits.reduce((sum, q, k) => sum + (((index >> q) & 1) << k), 0);
      for (let row = 0; row < size; row += 1) {
        const to = qubits.reduce((at, q, k) => (at & ~(1 << q)) | (((row >> k) & 1) << q), index);
        const [a, b] = [matrix[2 * (row * size + column)]!, matrix[2 * (row * size + column) + 1]!];
        re[to]! += a * this.re[index]! - b * this.im[index]!;
        im[to]! += a * this.im[index]! + b * this.re[index]!;
      }
    }
    return [re, im];
  }

  /** The probability of result 1. */
  probability(qubit: number): number {
    let sum = 0;
    for (let index = 0; index < this.re.length; index += 1)
      if (((index >> qubit) & 1) === 1) sum += this.re[index]! ** 2 + this.im[index]! ** 2;
    return sum;
  }

  certain(qubit: number): number {
    const p = this.probability(qubit);
    return p < 1e-9 ? 0 : p > 1 - 1e-9 ? 1 : -1;
  }

  measure(qubit: number, choose: () => number): number {
    const p = this.probability(qubit);
    const certain = this.certain(qubit);
    if (certain < 0 && Math.abs(p - 0.5) > 1e-9) throw new Error(`a probability of ${p}`);
    const result = certain < 0 ? choose() : certain;
    const norm = Math.sqrt(result === 1 ? p : 1 - p);
    for (let index = 0; index < this.re.length; index += 1)
      for (const part of [this.re, this.im])
        part[index] = ((index >> qubit) & 1) === result ? part[index]! / norm : 0;
    return result;
  }

  /** <P> for a product as text: a sign and a letter for each qubit from 0. */
  expectation(text: string): number {
    const before = [this.re, this.im] as const;
    for (let q = 0; q < this.#n; q += 1)
      if (text[q + 1] !== '_') this.gate(text[q + 1]!.toLowerCase(), [q]);
    const [re, im] = [this.re, this.im];
    [this.re, this.im] = before;
    const value = this.re.reduce((sum, a, at) => sum + a * re[at]! + this.im[at]! * im[at]!, 0);
    return text.startsWith('-') ? -value : value;
  }
}
