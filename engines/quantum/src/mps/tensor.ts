import { CircuitError, type Matrix } from '@anarq/circuit';
import { product } from '../linear/product.ts';
import { offsetsOf } from '../linear/offsets.ts';
import { adjointOf, svd } from '../linear/svd.ts';
import { qr } from '../linear/qr.ts';

/**
 * What stands at one or more neighbouring sites: an entry for each index of the bond on the left, each
 * state of the sites (the first the lowest bit) and each index of the bond on the right, at
 * `2 (left + lefts (state + states right))`. So it is a matrix of (left, state) x right as well as one
 * of left x (state, right), columns one after another. It is never changed once it stands in a chain.
 */
export interface Tensor {
  readonly lefts: number;
  readonly states: number;
  readonly rights: number;
  readonly entries: Float64Array;
}

/** Numbers of a tensor over several sites. */
const ENTRIES_MAX = 2 ** 27;

/** Two neighbours as one. @throws CircuitError LIMIT above 2^27 entries */
export function joined(a: Tensor, b: Tensor): Tensor {
  const count = a.lefts * a.states * b.states * b.rights;
  if (count > ENTRIES_MAX)
    throw new CircuitError(
      'LIMIT',
      `A gate joins sites of a matrix product state into ${count} numbers; at most ${ENTRIES_MAX} are taken.`,
    );
  return {
    lefts: a.lefts,
    states: a.states * b.states,
    rights: b.rights,
    entries: product(a.entries, b.entries, a.lefts * a.states, a.rights, b.states * b.rights),
  };
}

/** A matrix applied to the states of a tensor; operand k of it is bit `bits[k]` of the state. */
export function applied(tensor: Tensor, matrix: Matrix, bits: readonly number[]): Tensor {
  const { lefts, states, rights, entries } = tensor;
  const size = 2 ** bits.length;
  const spread = Int32Array.from(offsetsOf(bits));
  const mask = spread[size - 1]!;
  const result = new Float64Array(entries.length);
  for (let right = 0; right < rights; right += 1)
    for (let rest = 0; rest < states; rest += 1) {
      if ((rest & mask) !== 0) continue;
      for (let row = 0; row < size; row += 1) {
        const to = 2 * lefts * ((rest | spread[row]!) + states * right);
        for (let column = 0; column < size; column += 1) {
          const from = 2 * lefts * ((rest | spread[column]!) + states * right);
          const at = 2 * (row * size + column);
          addTimes(result, to, entries, from, 2 * lefts, matrix[at]!, matrix[at + 1]!);
        }
      }
    }
  return { ...tensor, entries: result };
}

/** Adds a run of complex numbers, times one, to another run. */
function addTimes(
  target: Float64Array,
  to: number,
  source: Float64Array,
  from: number,
  length: number,
  re: number,
  im: number,
): void {
  if (re === 0 && im === 0) return;
  for (let at = 0; at < length; at += 2) {
    const x = source[from + at]!;
    const y = source[from + at + 1]!;
    target[to + at]! += re * x - im * y;
    target[to + at + 1]! += re * y + im * x;
  }
}

/** How singular values are cut off. */
export interface Cut {
  /** At most so many are kept. */
  readonly bondMax: number;
  /** The smallest ones go whose squares sum to at most this share of all. */
  readonly cutOff: number;
}

export interface Split {
  readonly first: Tensor;
  readonly rest: Tensor;
  /** The share of the squared singular values that was cut off. */
  readonly discarded: number;
}

/**
 * Parts the first site of a tensor from the others, along the largest singular values. The part on the
 * side `weighted` takes the values; the other one is an isometry.
 */
export function split(tensor: Tensor, weighted: 'first' | 'rest', cut: Cut): Split {
  const { lefts, states, rights, entries } = tensor;
  const [rows, columns] = [2 * lefts, (states / 2) * rights];
  const { u, values, vh } = svd(entries, rows, columns);
  const squares = values.map((value) => value * value);
  const all = squares.reduce((sum, square) => sum + square, 0);
  let kept = squares.length;
  let gone = 0;
  while (kept > 1 && (kept > cut.bondMax || gone + squares[kept - 1]! <= cut.cutOff * all)) {
    kept -= 1;
    gone += squares[kept]!;
  }
  const scale = Math.sqrt(all / (all - gone));
  const left = u.slice(0, 2 * rows * kept);
  const right = new Float64Array(2 * kept * columns);
  for (let column = 0; column < columns; column += 1)
    right.set(
      vh.subarray(2 * values.length * column, 2 * (values.length * column + kept)),
      2 * kept * column,
    );
  for (let k = 0; k < kept; k += 1) {
    const value = values[k]! * scale;
    if (weighted === 'first')
      for (let at = 2 * rows * k; at < 2 * rows * (k + 1); at += 1) left[at]! *= value;
    else
      for (let column = 0; column < columns; column += 1) {
        right[2 * (k + kept * column)]! *= value;
        right[2 * (k + kept * column) + 1]! *= value;
      }
  }
  return {
    first: { lefts, states: 2, rights: kept, entries: left },
    rest: { lefts: kept, states: states / 2, rights, entries: right },
    discarded: gone / all,
  };
}

/** A tensor as an isometry from its right bond, and what its right neighbour is to be multiplied by. */
export function movedRight(a: Tensor, next: Tensor): readonly [Tensor, Tensor] {
  const { q, r, rank } = qr(a.entries, a.lefts * a.states, a.rights);
  return [
    { ...a, rights: rank, entries: q },
    {
      ...next,
      lefts: rank,
      entries: product(r, next.entries, rank, a.rights, next.states * next.rights),
    },
  ];
}

/** The same towards the left. */
export function movedLeft(previous: Tensor, a: Tensor): readonly [Tensor, Tensor] {
  const columns = a.states * a.rights;
  const { q, r, rank } = qr(adjointOf(a.entries, a.lefts, columns), columns, a.lefts);
  const down = adjointOf(r, rank, a.lefts);
  return [
    {
      ...previous,
      rights: rank,
      entries: product(previous.entries, down, previous.lefts * previous.states, a.lefts, rank),
    },
    { ...a, lefts: rank, entries: adjointOf(q, columns, rank) },
  ];
}
