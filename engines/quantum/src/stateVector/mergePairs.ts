import { controlled, embedded, multiply, type Matrix } from '@anarq/circuit';
import { diagonalOf } from './decompose.ts';
import type { Step } from './step.ts';

/** How many steps on a pair are looked at for one that they become together. */
const STEPS_TOGETHER_MAX = 8;

/**
 * Joins steps on one pair of qubits that are a diagonal together, as CX RZ CX is. What stands between them acts
 * on other qubits, so it does not matter when.
 */
export function mergePairs(steps: readonly Step[]): readonly Step[] {
  const acting = steps.map(acted);
  const result: (Step | undefined)[] = [...steps];
  const following = followers(acting);
  let isJoined = false;
  for (const [at, step] of steps.entries()) {
    if (result[at] === undefined || acting[at]!.length !== 2) continue;
    const together = stepsTogether({ acting, following, result, steps }, at);
    const joined = together.length > 1 ? joinedAmong(steps, together) : undefined;
    if (joined === undefined) continue;
    for (const used of together.slice(0, joined.count)) result[used] = undefined;
    result[at] = { matrix: joined.diagonal, qubits: acted(step), controls: [] };
    isJoined = true;
  }
  return isJoined ? result.filter((step) => step !== undefined) : steps;
}

const acted = (step: Step): number[] =>
  step.controls.length === 0
    ? [...step.qubits]
    : [...step.qubits, ...step.controls.map(({ qubit }) => qubit)];

interface Looked {
  readonly steps: readonly Step[];
  /** What is left of them. */
  readonly result: readonly (Step | undefined)[];
  readonly acting: readonly (readonly number[])[];
  readonly following: readonly (readonly number[])[];
}

/** For each step and each of its qubits, in their order, the index of the next step on it; Infinity for none. */
function followers(acting: readonly (readonly number[])[]): number[][] {
  const soonest: number[] = [];
  const following: number[][] = [];
  for (let at = acting.length - 1; at >= 0; at -= 1)
    following[at] = acting[at]!.map((qubit) => {
      const later = soonest[qubit] ?? Infinity;
      soonest[qubit] = at;
      return later;
    });
  return following;
}

/**
 * The step and what follows it on its pair of qubits and acts on nothing else, up to the last that acts on
 * both: before that one, no product is looked at.
 */
function stepsTogether({ acting, following, result, steps }: Looked, at: number): number[] {
  const [a, b] = acting[at] as [number, number];
  const found = [at];
  let length = 1;
  let [nextA, nextB] = following[at] as [number, number];
  while (found.length <= STEPS_TOGETHER_MAX) {
    const soonest = Math.min(nextA, nextB);
    // It is the end, or a part of another diagonal, or one itself.
    if (soonest === Infinity || result[soonest] !== steps[soonest]) break;
    const qubits = acting[soonest]!;
    // It goes beyond the pair.
    if (!qubits.every((qubit) => qubit === a || qubit === b)) break;
    found.push(soonest);
    if (qubits.length === 2) length = found.length;
    for (const [k, qubit] of qubits.entries())
      if (qubit === a) nextA = following[soonest]![k]!;
      else nextB = following[soonest]![k]!;
  }
  found.length = length;
  return found;
}

/** The first of the products of the first few of these steps that is a diagonal. */
function joinedAmong(
  steps: readonly Step[],
  together: readonly number[],
): { readonly diagonal: Matrix; readonly count: number } | undefined {
  const [first = 0, ...others] = together;
  const [a = 0] = acted(steps[first]!);
  let product = onPair(steps[first]!, a);
  // A diagonal by itself is collected as it is.
  if (diagonalOf(product) !== undefined) return undefined;
  for (const [k, at] of others.entries()) {
    product = multiply(onPair(steps[at]!, a), product);
    if (diagonalOf(product) !== undefined) return { diagonal: product, count: k + 2 };
  }
  return undefined;
}

/** The matrix of a step on one or both of a pair of qubits, as one on both; `a` is operand 0. */
function onPair(step: Step, a: number): Matrix {
  const matrix = step.controls.reduceRight(
    (inner, { value }) => controlled(inner, value),
    step.matrix,
  );
  const operands = [...step.controls.map(({ qubit }) => qubit), ...step.qubits];
  return embedded(
    matrix,
    operands.map((qubit) => (qubit === a ? 0 : 1)),
    2,
  );
}
