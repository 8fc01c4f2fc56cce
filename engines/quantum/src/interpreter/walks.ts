import { Random } from '../random.ts';
import type { Machine } from './machine.ts';
import { waysOf } from './perform.ts';
import type { QuantumOperation } from './program.ts';
import type { QuantumState } from './state.ts';
import { tailFrom, tellAll, type Tail } from './tail.ts';

/** The end of walks that went the same way. */
interface Walked {
  readonly state: QuantumState;
  /** How many they are. */
  readonly walks: number;
  /** Qubits whose results were drawn from the state, which is as before those measurements. */
  readonly measured: ReadonlySet<number>;
}

/** Who hears of walks. */
export interface Visitor {
  /** So many walks ended with these bits. */
  count(bits: Uint8Array, times: number): void;
  end(walked: Walked): void;
}

interface Group {
  readonly machine: Machine;
  readonly state: QuantumState;
  /** The random numbers of each walk in it. */
  readonly walkers: readonly Random[];
}

/** Walks that are kept in mind at once. */
const BATCH_MAX = 65_536;

/**
 * Walks from an operation on, each walk with a stream of random numbers of its own. Walks stay together as
 * long as they go the same way, so what they share is computed once, and nothing comes out differently.
 * @param copiesMax states that may be held beside the first one, at least 1
 */
export function walk(
  begin: {
    readonly machine: Machine;
    readonly state: QuantumState;
    readonly first: QuantumOperation;
  },
  walks: number,
  seed: bigint,
  copiesMax: number,
  visitor: Visitor,
): void {
  // A group parts into smaller ones of at most half its size, which are followed first: as many states are
  // held as a batch can be halved.
  const batch = Math.min(BATCH_MAX, 2 ** Math.min(30, Math.max(0, copiesMax - 1)));
  for (let from = 0; from < walks; from += batch) {
    const count = Math.min(batch, walks - from);
    const walkers = Array.from({ length: count }, (_, k) => new Random(seed, from + k));
    const group = { machine: begin.machine.fork(), state: begin.state.clone(), walkers };
    follow(group, begin.first, visitor);
  }
}

function follow(group: Group, first: QuantumOperation, visitor: Visitor): void {
  const { machine, state } = group;
  let { walkers } = group;
  for (let one: QuantumOperation | undefined = first; one !== undefined; one = machine.next()) {
    if (one.op === 'apply') {
      state.apply(one.matrix, one.qubits, one.controls);
      continue;
    }
    const tail = one.op === 'measure' ? tailFrom(machine.program, machine.at, 'gates') : undefined;
    if (tail !== undefined) return drawAll({ machine, state, walkers }, tail, visitor);
    const ways = waysOf(one, state);
    const parts = partsOf(walkers, (random) => ways.draw(() => random.uniform()));
    const [largest, ...others] = parts;
    for (const part of others.toReversed()) {
      const child = { machine: machine.fork(), state: state.clone(), walkers: part.walkers };
      ways.go(part.way, child.machine, child.state);
      const next = child.machine.next();
      if (next === undefined) end(child, NOTHING, visitor);
      else follow(child, next, visitor);
    }
    ways.go(largest!.way, machine, state);
    walkers = largest!.walkers;
  }
  end({ machine, state, walkers }, NOTHING, visitor);
}

const NOTHING: ReadonlySet<number> = new Set();

/** Nothing but measurements is left: each walk draws all of its results from the state. */
function drawAll(group: Group, { rest, measures }: Tail, { count, end: ended }: Visitor): void {
  const { machine, state, walkers } = group;
  for (const one of rest) if (one.op === 'apply') state.apply(one.matrix, one.qubits, one.controls);
  const sample = state.sampler();
  const results = new Uint8Array(machine.program.qubits);
  for (const random of walkers) {
    const uniform = (): number => random.uniform();
    sample(uniform, results);
    tellAll(machine.bits, measures, results, uniform);
    count(machine.bits, 1);
  }
  const measured = new Set(measures.map(({ qubit }) => qubit));
  ended({ state, walks: walkers.length, measured });
  state.release?.();
}

function end(
  { machine, state, walkers }: Group,
  measured: ReadonlySet<number>,
  visitor: Visitor,
): void {
  visitor.count(machine.bits, walkers.length);
  visitor.end({ state, walks: walkers.length, measured });
  state.release?.();
}

interface Part {
  readonly way: number;
  readonly walkers: readonly Random[];
}

/** Walkers by the way they go, the largest group first. */
function partsOf(walkers: readonly Random[], draw: (random: Random) => number): readonly Part[] {
  const parts = new Map<number, Random[]>();
  for (const random of walkers) {
    const way = draw(random);
    const part = parts.get(way);
    if (part === undefined) parts.set(way, [random]);
    else part.push(random);
  }
  if (parts.size === 1) {
    const [way] = parts.keys();
    return [{ way: way!, walkers }];
  }
  return [...parts]
    .map(([way, part]) => ({ way, walkers: part }))
    .toSorted((a, b) => b.walkers.length - a.walkers.length);
}
