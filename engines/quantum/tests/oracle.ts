import type { Circuit } from '@anarq/circuit';
import { probabilityOf } from '../src/interpreter/channel.ts';
import {
  compile,
  keyOf,
  Machine,
  ReferenceState,
  type QuantumState,
} from '../src/interpreter/index.ts';
import { perform } from '../src/interpreter/perform.ts';
import { Random } from '../src/random.ts';

/** Thrown where a circuit has more ways to go than a test follows. */
export class TooMany extends Error {}

/**
 * The probability of every outcome, from the definitions alone: each result of each measurement and each
 * Kraus operator of each channel is followed on a plain state vector. With the density matrix of the
 * final state, row-major.
 */
export function enumerate(
  circuit: Circuit,
  waysMax = 4_000,
): { readonly outcomes: ReadonlyMap<string, number>; readonly rho: Float64Array } {
  const program = compile(circuit);
  const outcomes = new Map<string, number>();
  const size = 2 ** circuit.qubits;
  const rho = new Float64Array(2 * size * size);
  let ways = 0;
  const follow = (machine: Machine, state: ReferenceState, weight: number): void => {
    for (let one = machine.next(); one !== undefined; one = machine.next()) {
      if (one.op === 'apply') {
        state.apply(one.matrix, one.qubits, one.controls);
        continue;
      }
      const part = (p: number, then: (machine: Machine, state: ReferenceState) => void): void => {
        if (p < 1e-15) return;
        const [nextMachine, next] = [machine.fork(), state.clone()];
        then(nextMachine, next);
        follow(nextMachine, next, weight * p);
      };
      if (one.op === 'noise') {
        const before = state.reduced(one.qubits);
        for (const kraus of one.channel.kraus) {
          const p = probabilityOf(kraus, before);
          part(p, (_, next) =>
            next.apply(
              kraus.map((entry) => entry / Math.sqrt(p)),
              one.qubits,
              [],
            ),
          );
        }
        return;
      }
      const p1 = state.probabilityOfOne(one.qubit);
      for (const found of [0, 1] as const) {
        const p = found === 1 ? p1 : 1 - p1;
        const project = (next: ReferenceState): void => {
          const matrix = new Float64Array(8);
          matrix[6 * found] = 1 / Math.sqrt(p);
          next.apply(matrix, [one.qubit], []);
        };
        if (one.op === 'measure')
          for (const isFlipped of [false, true])
            part(p * (isFlipped ? one.flip : 1 - one.flip), (nextMachine, next) => {
              project(next);
              nextMachine.tell(one, found, isFlipped);
            });
        else
          part(p, (_, next) => {
            project(next);
            if (found === 1) next.apply(Float64Array.of(0, 0, 1, 0, 1, 0, 0, 0), [one.qubit], []);
          });
      }
      return;
    }
    ways += 1;
    if (ways > waysMax) throw new TooMany();
    const key = keyOf(machine.bits, program.keyOrder);
    outcomes.set(key, (outcomes.get(key) ?? 0) + weight);
    const all = state.reduced(Array.from({ length: circuit.qubits }, (_, qubit) => qubit));
    for (const [at, entry] of all.entries()) rho[at]! += weight * entry;
  };
  follow(new Machine(program), new ReferenceState(circuit.qubits), 1);
  return { outcomes, rho };
}

/** One shot, walked through with the random numbers of a seed. */
export function walkOnce<State extends QuantumState>(
  circuit: Circuit,
  state: State,
  seed: bigint,
): { readonly bits: Uint8Array; readonly state: State } {
  const random = new Random(seed);
  const machine = new Machine(compile(circuit));
  for (let one = machine.next(); one !== undefined; one = machine.next())
    perform(one, machine, state, () => random.uniform());
  return { bits: machine.bits, state };
}

/** The largest difference of two distributions. */
export function distance(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  let most = 0;
  for (const key of new Set([...a.keys(), ...b.keys()]))
    most = Math.max(most, Math.abs((a.get(key) ?? 0) - (b.get(key) ?? 0)));
  return most;
}

/** The largest difference of two rows of numbers. */
export function difference(a: Float64Array, b: Float64Array): number {
  if (a.length !== b.length) return Infinity;
  let most = 0;
  for (let at = 0; at < a.length; at += 1) {
    const off = Math.abs(a[at]! - b[at]!);
    if (!(off <= most)) most = off;
  }
  return most;
}
