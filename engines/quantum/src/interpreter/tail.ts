import type { Measure, Operation, Program, QuantumOperation } from './program.ts';

/** What may stand beside the measurements of a tail: gates alone, or noise and resets as well. */
export type TailKind = 'gates' | 'noise';

/** The end of a program: nothing follows from its results, and nothing acts on a qubit once it is measured. */
export interface Tail {
  /** What acts on the state, before all measurements as well as between them. */
  readonly rest: readonly QuantumOperation[];
  readonly measures: readonly Measure[];
}

const known = { gates: new WeakMap<Program, number>(), noise: new WeakMap<Program, number>() };

/** Where the tail of a program begins, in its code; it ends with the program. */
export function tailStart(program: Program, kind: TailKind): number {
  let start = known[kind].get(program);
  if (start === undefined) {
    start = find(program.code, kind);
    known[kind].set(program, start);
  }
  return start;
}

function find(code: readonly Operation[], kind: TailKind): number {
  const touched = new Set<number>();
  for (let at = code.length - 1; at >= 0; at -= 1) {
    const one = code[at]!;
    switch (one.op) {
      case 'measure':
        if (touched.has(one.qubit)) return at + 1;
        break;
      case 'apply':
        for (const qubit of one.qubits) touched.add(qubit);
        for (const { qubit } of one.controls) touched.add(qubit);
        break;
      case 'noise':
        if (kind === 'gates') return at + 1;
        for (const qubit of one.qubits) touched.add(qubit);
        break;
      case 'reset':
        if (kind === 'gates') return at + 1;
        touched.add(one.qubit);
        break;
      case 'detector':
      case 'observable':
        break;
      default:
        return at + 1;
    }
  }
  return 0;
}

/** The tail from the operation on that stands before `at`; undefined where that is before it. */
export function tailFrom(program: Program, at: number, kind: TailKind): Tail | undefined {
  if (at - 1 < tailStart(program, kind)) return undefined;
  const rest: QuantumOperation[] = [];
  const measures: Measure[] = [];
  for (let k = at - 1; k < program.code.length; k += 1) {
    const one = program.code[k]!;
    if (one.op === 'measure') measures.push(one);
    else if (one.op === 'apply' || one.op === 'noise' || one.op === 'reset') rest.push(one);
  }
  return { rest, measures };
}

/**
 * Whether each shot of a program has to be walked, seen without running it: something random comes before
 * the measurements at its end.
 */
export function isWalked(program: Program): boolean {
  const first = program.code.findIndex(
    ({ op }) => op === 'measure' || op === 'reset' || op === 'noise',
  );
  return first !== -1 && first < tailStart(program, 'gates');
}

/** Writes what measurements at the end told of a drawn basis state into the bits of a shot. */
export function tellAll(
  bits: Uint8Array,
  measures: readonly Measure[],
  results: Uint8Array,
  uniform: () => number,
): void {
  for (const { qubit, bit, flip, inverted } of measures) {
    const isFlipped = flip > 0 && uniform() < flip;
    if (bit !== undefined) bits[bit] = results[qubit]! ^ (inverted ? 1 : 0) ^ (isFlipped ? 1 : 0);
  }
}
