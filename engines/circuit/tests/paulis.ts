import { GATES, parsePauli, type GateInstruction, type Instruction } from '../src/index.ts';

/** A Pauli product over many qubits without its sign: X where `x` has a bit, Z where `z` has one. */
export interface Pauli {
  x: bigint;
  z: bigint;
}

const bitOf = (mask: bigint, k: number): boolean => ((mask >> BigInt(k)) & 1n) === 1n;

/** Takes a Pauli product through a Clifford gate of the table, by its images; signs are dropped. */
export function through(pauli: Pauli, { gate, qubits }: GateInstruction): void {
  const { x, z } = GATES.get(gate)!.stabiliser!;
  let image = { x: 0n, z: 0n };
  for (const [k, qubit] of qubits.entries())
    for (const [mask, images] of [
      [pauli.x, x],
      [pauli.z, z],
    ] as const) {
      if (!bitOf(mask, qubit)) continue;
      const factor = parsePauli(images[k]!);
      image = { x: image.x ^ factor.x, z: image.z ^ factor.z };
    }
  for (const [k, qubit] of qubits.entries()) {
    const place = 1n << BigInt(qubit);
    pauli.x = bitOf(image.x, k) ? pauli.x | place : pauli.x & ~place;
    pauli.z = bitOf(image.z, k) ? pauli.z | place : pauli.z & ~place;
  }
}

/** What runs, with loops unrolled. */
export function* unrolled(body: readonly Instruction[]): Generator<Instruction, void> {
  for (const instruction of body)
    if (instruction.kind === 'repeat')
      for (let time = 0; time < instruction.times; time += 1) yield* unrolled(instruction.body);
    else yield instruction;
}

/** Which detectors and observables flip where Pauli errors happen at some places of a run. */
export function flipsOf(
  run: readonly Instruction[],
  errors: ReadonlyMap<number, Pauli>,
): { readonly detectors: bigint; readonly observables: bigint } {
  const frame: Pauli = { x: 0n, z: 0n };
  const records: boolean[] = [];
  let detector = 0n;
  let detectors = 0n;
  let observables = 0n;
  for (const [at, instruction] of run.entries()) {
    const error = errors.get(at);
    if (error !== undefined) {
      frame.x ^= error.x;
      frame.z ^= error.z;
    }
    if (instruction.kind === 'gate') through(frame, instruction);
    else if (instruction.kind === 'measure') records.push(bitOf(frame.x, instruction.qubit));
    else if (instruction.kind === 'reset') {
      const place = 1n << BigInt(instruction.qubit);
      frame.x &= ~place;
      frame.z &= ~place;
    } else if (instruction.kind === 'detector' || instruction.kind === 'observable') {
      const odd = instruction.records.filter((record) => records.at(record)).length % 2 === 1;
      if (instruction.kind === 'observable') {
        if (odd) observables ^= 1n << BigInt(instruction.index);
      } else {
        if (odd) detectors |= 1n << detector;
        detector += 1n;
      }
    }
  }
  return { detectors, observables };
}

/**
 * Whether a parity of results is the same in every run: measured backwards, the product of the Z that
 * are measured must end in Z on qubits that were reset (Stim's "detecting region").
 */
export function isDeterminate(
  run: readonly Instruction[],
  at: number,
  records: readonly number[],
): boolean {
  const measured = run.slice(0, at).filter(({ kind }) => kind === 'measure').length;
  const wanted = new Set(records.map((record) => measured + record));
  let record = measured;
  const region: Pauli = { x: 0n, z: 0n };
  for (let k = at - 1; k >= 0; k -= 1) {
    const instruction = run[k]!;
    if (instruction.kind === 'gate') {
      const { gate } = GATES.get(instruction.gate)!.inverse;
      through(region, { ...instruction, gate });
    } else if (instruction.kind === 'measure') {
      record -= 1;
      const place = 1n << BigInt(instruction.qubit);
      if ((region.x & place) !== 0n) return false;
      if (wanted.has(record)) region.z ^= place;
    } else if (instruction.kind === 'reset') {
      const place = 1n << BigInt(instruction.qubit);
      if ((region.x & place) !== 0n) return false;
      region.z &= ~place;
    }
  }
  return region.x === 0n;
}

/** The Pauli products but the identity that a noise instruction may be, signs dropped. */
export function errorsOf({ channel, qubits }: Extract<Instruction, { kind: 'noise' }>): Pauli[] {
  if (channel === 'x_error') return [{ x: 1n << BigInt(qubits[0]!), z: 0n }];
  if (channel === 'z_error') return [{ x: 0n, z: 1n << BigInt(qubits[0]!) }];
  const errors: Pauli[] = [];
  for (let index = 1; index < 4 ** qubits.length; index += 1) {
    const error: Pauli = { x: 0n, z: 0n };
    for (const [k, qubit] of qubits.entries()) {
      const place = 1n << BigInt(qubit);
      const letter = Math.floor(index / 4 ** k) % 4;
      if (letter % 2 === 1) error.x |= place;
      if (letter > 1) error.z |= place;
    }
    errors.push(error);
  }
  return errors;
}
