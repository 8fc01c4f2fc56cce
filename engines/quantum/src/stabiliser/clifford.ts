import { cliffordOf, qubitsOf, type Matrix, type PauliImages } from '@anarq/circuit';
import { conjugate, OP, type SmallPauli, type Step } from './ops.ts';

/** The images of X_0, Z_0, X_1, Z_1, ... in this order. */
const imagesFrom = ({ x, z }: PauliImages): SmallPauli[] =>
  x.flatMap((image, k) => [smallPauli(image), smallPauli(z[k]!)]);

function smallPauli(text: string): SmallPauli {
  let x = 0;
  let z = 0;
  for (let k = 0; k + 1 < text.length; k += 1) {
    const letter = text[k + 1]!;
    if (letter === 'X' || letter === 'Y') x |= 1 << k;
    if (letter === 'Z' || letter === 'Y') z |= 1 << k;
  }
  return { x, z, sign: text.startsWith('-') ? 1 : 0 };
}

/** Without signs, in the order of `imagesFrom`: two Clifford gates with the same key differ by a Pauli gate. */
const keyOf = (images: readonly SmallPauli[]): string =>
  images.map(({ x, z }) => `${x},${z}`).join(';');

/** The shortest ways to each class of Clifford gates on one or two qubits: 6 and 720 of them. */
function shortestWays(qubits: number): Map<string, readonly Step[]> {
  const moves: Step[] = [];
  for (let a = 0; a < qubits; a += 1)
    for (const op of [OP.H, OP.S, OP.SX]) moves.push({ op, a, b: 0 });
  if (qubits === 2)
    moves.push(
      { op: OP.CX, a: 0, b: 1 },
      { op: OP.CX, a: 1, b: 0 },
      { op: OP.CZ, a: 0, b: 1 },
      { op: OP.SWAP, a: 0, b: 1 },
    );
  const start: SmallPauli[] = [];
  for (let k = 0; k < qubits; k += 1)
    start.push({ x: 1 << k, z: 0, sign: 0 }, { x: 0, z: 1 << k, sign: 0 });
  const found = new Map<string, readonly Step[]>([[keyOf(start), []]]);
  let front: [readonly SmallPauli[], readonly Step[]][] = [[start, []]];
  while (front.length > 0) {
    const next: typeof front = [];
    for (const [images, way] of front)
      for (const move of moves) {
        const moved = images.map((image) => conjugate(move, image));
        const key = keyOf(moved);
        if (found.has(key)) continue;
        found.set(key, [...way, move]);
        next.push([moved, [...way, move]]);
      }
    front = next;
  }
  return found;
}

const ways: (Map<string, readonly Step[]> | undefined)[] = [];

/**
 * Operations of `OP` that together do what a matrix on at most two qubits does, up to a global phase;
 * undefined where it is not Clifford. They name its operands, 0 and 1.
 */
export function stepsOfMatrix(matrix: Matrix): readonly Step[] | undefined {
  if (qubitsOf(matrix) === 0) return [];
  const images = cliffordOf(matrix);
  return images && stepsOf(images);
}

/** Operations of `OP` that together take the generators where a Clifford gate on one or two qubits does. */
export function stepsOf(given: PauliImages): readonly Step[] {
  const qubits = given.x.length;
  const images = imagesFrom(given);
  const known = (ways[qubits] ??= shortestWays(qubits));
  const way = known.get(keyOf(images));
  if (way === undefined) throw new Error(`No way to ${given.x.join()} ${given.z.join()}.`);
  const paulis: Step[] = [];
  for (let k = 0; k < qubits; k += 1) {
    // A Pauli gate before the rest gives the generators that anticommute with it the other sign.
    const wrong = (generator: number, image: SmallPauli): number =>
      way.reduce((pauli, step) => conjugate(step, pauli), generatorOf(generator)).sign ^ image.sign;
    const wrongX = wrong(2 * k, images[2 * k]!);
    const wrongZ = wrong(2 * k + 1, images[2 * k + 1]!);
    if (wrongX + wrongZ > 0)
      paulis.push({ op: wrongX === 0 ? OP.X : wrongZ === 0 ? OP.Z : OP.Y, a: k, b: 0 });
  }
  return joined(paulis, way);
}

const generatorOf = (row: number): SmallPauli =>
  row % 2 === 0 ? { x: 1 << (row >> 1), z: 0, sign: 0 } : { x: 0, z: 1 << (row >> 1), sign: 0 };

/** A square root after its square is the inverse of the root: one operation in place of two. */
function joined(paulis: readonly Step[], way: readonly Step[]): readonly Step[] {
  const [pauli] = paulis;
  const [step] = way;
  if (paulis.length === 1 && way.length === 1 && pauli !== undefined && step !== undefined) {
    if (pauli.op === OP.Z && step.op === OP.S && pauli.a === step.a)
      return [{ ...step, op: OP.SDG }];
    if (pauli.op === OP.X && step.op === OP.SX && pauli.a === step.a)
      return [{ ...step, op: OP.SXDG }];
  }
  return [...paulis, ...way];
}
