import {
  DENSE,
  DIAGONAL,
  FLIP,
  PASS,
  PHASE,
  ROTATE,
  Random,
  writePlan,
  type Operation,
  type Plan,
  type Reals,
} from '@anarq/quantum-engine';

/** A plan of every kind of operation on any qubits, with numbers that are nothing in particular. */
export function somePlan(seed: number, qubits: number, length: number): Plan {
  const random = new Random(BigInt(seed));
  const operations: Operation[] = [];
  while (operations.length < length) {
    const mixed = [...all(6), ...some(random, all(qubits).slice(6), random.below(qubits))];
    operations.push({ op: PASS, qubits: mixed.toSorted((a, b) => a - b) });
    const inPass = 1 + random.below(4);
    for (let k = 0; k < inPass; k += 1) operations.push(operation(random, qubits, mixed));
  }
  return writePlan(qubits, operations, all(qubits));
}

function operation(random: Random, qubits: number, mixed: readonly number[]): Operation {
  const kinds = [DENSE, DIAGONAL, ROTATE, PHASE, FLIP];
  const op = kinds[random.below(kinds.length)];
  const order = shuffled(random, mixed);
  /** Of all qubits but these. */
  const controls = (taken: readonly number[]): number[] =>
    some(
      random,
      all(qubits).filter((qubit) => !taken.includes(qubit)),
      random.below(3),
    )
      .toSorted((a, b) => a - b)
      .map((qubit) => 2 * qubit + random.below(2));
  if (op === DENSE) {
    const acted = order.slice(0, 1 + random.below(4)).toSorted((a, b) => a - b);
    const matrix = numbers(random, 2 * 4 ** acted.length);
    return { op, qubits: acted, controls: controls(acted), matrix };
  }
  if (op === DIAGONAL) {
    const acted = some(random, all(qubits), random.below(7)).toSorted((a, b) => a - b);
    const diagonal = numbers(random, 2 * 2 ** acted.length);
    return { op, qubits: acted, controls: controls(acted), diagonal };
  }
  if (op === ROTATE) {
    const rotations = order.map((qubit) => ({
      qubit,
      form: random.below(2) === 1 ? (1 as const) : (0 as const),
      t: 2 * random.uniform() - 1,
    }));
    return { op, rotations: rotations.slice(0, 1 + random.below(order.length)) };
  }
  if (op === PHASE) return phase(random, qubits);
  const acted = order.slice(0, 1);
  return { op: FLIP, qubits: acted, controls: controls(acted) };
}

function phase(random: Random, qubits: number): Operation {
  const low = random.below(1 + Math.min(qubits, 7));
  const table =
    random.below(3) === 0
      ? Float64Array.from({ length: 2 ** (low + 1) }, (_, k) => 1 - (k % 2))
      : numbers(random, 2 ** (low + 1));
  const factor = (): { re: number; im: number } => ({ re: angle(random), im: angle(random) });
  const isTaken = (): boolean => random.below(3) === 0;
  const singles = all(qubits)
    .filter((qubit) => qubit >= low && isTaken())
    .map((qubit) => ({ qubit, ...factor() }));
  const pairs = all(qubits).flatMap((high) =>
    all(high)
      .filter(() => high >= low && isTaken())
      .map((q) => ({ low: q, high, ...factor() })),
  );
  return { op: PHASE, low, table, singles, pairs: random.below(3) === 0 ? [] : pairs };
}

/** Numbers without structure, for a state to begin with. */
export function fill(state: Reals, seed: number): void {
  const random = new Random(BigInt(seed), 1);
  for (let at = 0; at < state.length; at += 1) state[at] = random.uniform() - 0.5;
}

/** How far apart two states are, at most, over the largest number of the second. */
export function farthest(state: Reals, wanted: Reals): number {
  let far = 0;
  let largest = 0;
  for (let at = 0; at < wanted.length; at += 1) {
    const apart = Math.abs(state[at]! - wanted[at]!);
    // Not Math.max: NaN is far.
    if (!(apart <= far)) far = apart;
    largest = Math.max(largest, Math.abs(wanted[at]!));
  }
  return far / largest;
}

const all = (count: number): number[] => Array.from({ length: count }, (_, k) => k);
const angle = (random: Random): number =>
  (random.uniform() < 0.5 ? -1 : 1) * (0.6 + 0.2 * random.uniform());
const numbers = (random: Random, count: number): Float64Array =>
  Float64Array.from({ length: count }, () => random.uniform() - 0.5);
const some = (random: Random, from: readonly number[], count: number): number[] =>
  shuffled(random, from).slice(0, count);

function shuffled(random: Random, values: readonly number[]): number[] {
  const result = [...values];
  for (let at = result.length - 1; at > 0; at -= 1) {
    const other = random.below(at + 1);
    [result[at], result[other]] = [result[other]!, result[at]!];
  }
  return result;
}
