import { CircuitError } from '@anarq/circuit';
import { decompose, type Mechanism } from './decompose.ts';
import type { ErrorModel } from './errorModel.ts';
import { parityOf } from './flow.ts';
import { independentErrors } from './independent.ts';
import { GATES_END, OP } from './ops.ts';
import { DO, elseOf, endOf, STRIDE, type Noise, type Program } from './program.ts';
import { difference, NONE, OBSERVABLE, type Symptoms } from './symptoms.ts';

/** Operations that an analysis goes through, those of a REPEAT as often as they are repeated. */
const OPERATIONS_MAX = 50_000_000;

/** Distinct error mechanisms of a circuit. */
const MECHANISMS_MAX = 5_000_000;

/**
 * The error model of a program: what each of its errors would change is followed from the end to the
 * beginning. Errors that change the same are one mechanism; errors with more than two detectors are
 * taken apart into components with at most two, X errors from Z errors first.
 * @throws CircuitError SEMANTICS where a detector or observable is not the same in every run without
 *   noise, UNSUPPORTED where the flow of the program is free or an error cannot be taken apart, LIMIT
 */
export function errorModelOf(program: Program): ErrorModel {
  if (program.flow === 'free')
    throw new CircuitError(
      'UNSUPPORTED',
      'What the circuit does depends on its results otherwise than by Pauli gates under a parity of bits, so its errors are not analysed.',
    );
  return new Analysis(program).model();
}

class Analysis {
  readonly #program: Program;
  /** What an X error on a qubit would change, at the place reached: at 2q; a Z error: at 2q + 1. */
  readonly #sensitive: Symptoms[];
  /** What a flip of a result would change, of results that the place reached comes after. */
  readonly #records = new Map<number, Symptoms>();
  readonly #bits = new Map<number, Symptoms>();
  readonly #mechanisms = new Map<string, Mechanism>();
  readonly #independent = new Map<Noise, Noise['errors']>();
  #measured: number;
  #detected: number;
  #operations = 0;

  constructor(program: Program) {
    this.#program = program;
    this.#sensitive = Array<Symptoms>(2 * program.qubits).fill(NONE);
    this.#measured = program.total.measurements;
    this.#detected = program.total.detectors;
  }

  model(): ErrorModel {
    this.#block(0, this.#program.code.length);
    for (let q = 0; q < this.#program.qubits; q += 1) this.#certain(q, 'the beginning');
    const { detectors, observables } = this.#program.total;
    const errors = decompose([...this.#mechanisms.values()]);
    return { detectors, observables, coordinates: coordinatesOf(this.#program), errors };
  }

  #block(from: number, to: number): void {
    const { code } = this.#program;
    const places: number[] = [];
    for (let at = from; at < to; at += STRIDE) {
      places.push(at);
      if (code[at] === DO.REPEAT || code[at] === DO.IF) at = endOf(code, at) - STRIDE;
    }
    this.#operations += places.length;
    if (this.#operations > OPERATIONS_MAX)
      throw new CircuitError(
        'LIMIT',
        `With its repetitions the circuit has more than ${OPERATIONS_MAX} operations, too many to analyse its errors.`,
      );
    for (const at of places.toReversed()) this.#operation(at);
  }

  #operation(at: number): void {
    const { code, detectors, observables, noises } = this.#program;
    const what = code[at]!;
    const a = code[at + 1]!;
    const b = code[at + 2]!;
    if (what < GATES_END) this.#gate(what, a, b);
    else if (what === DO.MEASURE) this.#measure(a, b);
    else if (what === DO.RESET) {
      this.#certain(a, `resetting qubit ${a}`);
      this.#sensitive[2 * a] = NONE;
    } else if (what === DO.NOISE) this.#noise(noises[a]!);
    else if (what === DO.DETECTOR) {
      this.#detected -= 1;
      this.#include(detectors[a]!.records, [this.#detected]);
    } else if (what === DO.OBSERVABLE)
      this.#include(observables[a]!.records, [OBSERVABLE + observables[a]!.index]);
    else if (what === DO.IF) this.#if(at);
    else if (what === DO.REPEAT)
      for (let round = 0; round < a; round += 1) this.#block(at + STRIDE, endOf(code, at));
  }

  #add(to: number, symptoms: Symptoms): void {
    this.#sensitive[to] = difference(this.#sensitive[to]!, symptoms);
  }

  #exchange(a: number, b: number): void {
    const symptoms = this.#sensitive[a]!;
    this.#sensitive[a] = this.#sensitive[b]!;
    this.#sensitive[b] = symptoms;
  }

  /** An error before a gate is the conjugated error after it. */
  #gate(op: number, a: number, b: number): void {
    const sensitive = this.#sensitive;
    switch (op) {
      case OP.X:
      case OP.Y:
      case OP.Z:
        return;
      case OP.H:
        this.#exchange(2 * a, 2 * a + 1);
        return;
      case OP.S:
      case OP.SDG:
        this.#add(2 * a, sensitive[2 * a + 1]!);
        return;
      case OP.SX:
      case OP.SXDG:
        this.#add(2 * a + 1, sensitive[2 * a]!);
        return;
      case OP.CX:
        this.#add(2 * a, sensitive[2 * b]!);
        this.#add(2 * b + 1, sensitive[2 * a + 1]!);
        return;
      case OP.CZ:
        this.#add(2 * a, sensitive[2 * b + 1]!);
        this.#add(2 * b, sensitive[2 * a + 1]!);
        return;
      default:
        this.#exchange(2 * a, 2 * b);
        this.#exchange(2 * a + 1, 2 * b + 1);
    }
  }

  #measure(qubit: number, at: number): void {
    const { bit, flip } = this.#program.measures[at]!;
    this.#measured -= 1;
    this.#certain(qubit, `measuring qubit ${qubit}`);
    let symptoms = this.#records.get(this.#measured) ?? NONE;
    this.#records.delete(this.#measured);
    if (bit >= 0) {
      symptoms = difference(symptoms, this.#bits.get(bit) ?? NONE);
      this.#bits.delete(bit);
    }
    if (flip > 0) this.#happens(flip, symptoms, NONE);
    this.#add(2 * qubit, symptoms);
  }

  /** What a Z on a qubit would change is not certain after its Z was made certain. */
  #certain(qubit: number, where: string): void {
    const [symptom] = this.#sensitive[2 * qubit + 1]!;
    if (symptom === undefined) return;
    const name =
      symptom >= OBSERVABLE ? `Observable ${symptom - OBSERVABLE}` : `Detector ${symptom}`;
    throw new CircuitError(
      'SEMANTICS',
      `${name} is not the same in every run without noise: ${where} makes it random.`,
    );
  }

  #include(records: readonly number[], symptoms: Symptoms): void {
    for (const offset of records) {
      const record = this.#measured + offset;
      this.#records.set(record, difference(this.#records.get(record) ?? NONE, symptoms));
    }
  }

  #noise(noise: Noise): void {
    const { arity, targets } = noise;
    let errors = this.#independent.get(noise);
    if (errors === undefined) {
      errors = independentErrors(noise);
      this.#independent.set(noise, errors);
    }
    for (let at = 0; at < targets.length; at += arity)
      for (const { pauli, probability } of errors) {
        const parts: [Symptoms, Symptoms] = [NONE, NONE];
        for (let k = 0; k < 2 * arity; k += 1)
          if (((pauli >> k) & 1) === 1)
            parts[k & 1] = difference(
              parts[k & 1]!,
              this.#sensitive[2 * targets[at + (k >> 1)]! + (k & 1)]!,
            );
        this.#happens(probability, parts[0], parts[1]);
      }
  }

  #happens(probability: number, x: Symptoms, z: Symptoms): void {
    const symptoms = difference(x, z);
    if (symptoms.length === 0) return;
    const key = symptoms.join();
    const known = this.#mechanisms.get(key);
    if (known !== undefined) {
      known.probability += probability - 2 * probability * known.probability;
      // What comes of X errors alone, or of Z errors, is not taken apart for what also comes of both.
      if (x.length === 0 || z.length === 0) Object.assign(known, { x, z });
      return;
    }
    if (this.#mechanisms.size >= MECHANISMS_MAX)
      throw new CircuitError('LIMIT', `The circuit has more than ${MECHANISMS_MAX} errors.`);
    this.#mechanisms.set(key, { probability, symptoms, x, z });
  }

  /** A flip of the condition is an error of the Pauli gates of both blocks. */
  #if(at: number): void {
    const { code, conditions } = this.#program;
    const elseAt = elseOf(code, at);
    let symptoms = NONE;
    for (let inner = at + STRIDE; inner < endOf(code, at); inner += STRIDE) {
      if (inner === elseAt) continue;
      const q = code[inner + 1]!;
      if (code[inner] !== OP.Z) symptoms = difference(symptoms, this.#sensitive[2 * q]!);
      if (code[inner] !== OP.X) symptoms = difference(symptoms, this.#sensitive[2 * q + 1]!);
    }
    const { bits, records } = parityOf(conditions[code[at + 1]!]!)!;
    this.#include(records, symptoms);
    for (const bit of bits) this.#bits.set(bit, difference(this.#bits.get(bit) ?? NONE, symptoms));
  }
}

/** Coordinates of each detector in the order in which they come, shifted as the program says. */
function coordinatesOf({ code, detectors, shifts }: Program): number[][] {
  const result: number[][] = [];
  const origin: number[] = [];
  const walk = (from: number, to: number): void => {
    for (let at = from; at < to; at += STRIDE) {
      const what = code[at]!;
      const a = code[at + 1]!;
      if (what === DO.DETECTOR)
        result.push(detectors[a]!.coordinates.map((value, k) => value + (origin[k] ?? 0)));
      else if (what === DO.SHIFT)
        for (const [k, value] of shifts[a]!.entries()) origin[k] = (origin[k] ?? 0) + value;
      else if (what === DO.REPEAT) {
        const end = endOf(code, at);
        for (let round = 0; round < a; round += 1) walk(at + STRIDE, end);
        at = end - STRIDE;
      }
    }
  };
  walk(0, code.length);
  return result;
}
