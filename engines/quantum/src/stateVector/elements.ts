import { embedded, multiply, type Matrix } from '@anarq/circuit';
import {
  diagonalAfterSwap,
  diagonalOf,
  modulus,
  ONE,
  phaseTermsOf,
  rotationOf,
  times,
  withoutControl,
  type Complex,
  type PhaseTerm,
} from './decompose.ts';
import { DENSE, DENSE_QUBITS_MAX, DIAGONAL, DIAGONAL_QUBITS_MAX, FLIP, ROTATE } from './plan.ts';
import type { Step } from './step.ts';

/**
 * What a planner schedules. An element mixes amplitudes along some wires and looks at others; elements that
 * only look at the wires they share may change places. A wire is a place in the state: swaps of the circuit
 * only change which qubit is on which wire.
 */
export type Element =
  | (Wires & { readonly kind: 'phase'; readonly factor: Complex })
  | (Wires & {
      readonly kind: typeof ROTATE;
      readonly form: 0 | 1;
      readonly t: number;
      /** What the state has to be multiplied by besides, sometime: 1 / sqrt(1 + t^2). */
      readonly scale: number;
    })
  | (Wires & { readonly kind: typeof DENSE; matrix: Matrix })
  | (Wires & { readonly kind: typeof DIAGONAL; readonly diagonal: Float64Array })
  | (Wires & { readonly kind: typeof FLIP });

interface Wires {
  /** In the order of the bits of a matrix. */
  readonly mixes: readonly number[];
  /** Wires it looks at: of a diagonal in the order of its bits. */
  readonly looks: readonly number[];
  /** Controls among them, 2 * wire + value; undefined for those of a phase or diagonal. */
  readonly controls: readonly number[];
}

export interface Elements {
  readonly elements: Element[];
  /** A factor of the whole state. */
  readonly factor: Complex;
  /** The wire of each qubit in the end. */
  readonly wires: number[];
}

/** A matrix on 0 to DENSE_QUBITS_MAX qubits without controls that could be taken out of it. */
interface Bare {
  readonly matrix: Matrix;
  readonly wires: readonly number[];
  readonly controls: readonly number[];
}

/** Turns steps into elements; qubit k is on wire `wires[k]` before. */
export function elementsOf(steps: readonly Step[], wires: readonly number[]): Elements {
  const builder = new ElementBuilder(wires);
  for (const step of steps) builder.add(step);
  return builder.finish();
}

class ElementBuilder {
  readonly #elements: Element[] = [];
  readonly #wires: number[];
  #factor = ONE;
  /** Matrices of one qubit that were not put out yet, by wire. */
  readonly #pending = new Map<number, Matrix>();
  /** The last element that mixes a wire, as long as nothing has looked at the wire since. */
  readonly #last = new Map<number, Element>();

  constructor(wires: readonly number[]) {
    this.#wires = [...wires];
  }

  add(step: Step): void {
    const bare = this.#bare(step);
    const { matrix, wires, controls } = bare;
    const diagonal = diagonalOf(matrix);
    if (wires.length + controls.length === 0) this.#factor = times(this.#factor, first(matrix));
    else if (wires.length === 1 && controls.length === 0) this.#addToPending(wires[0]!, matrix);
    else if (diagonal !== undefined) this.#addDiagonal(bare, diagonal);
    else if (!this.#addSwap(bare)) this.#addMixing(bare);
  }

  finish(): Elements {
    for (const wire of this.#pending.keys()) this.#flush(wire, true);
    return { elements: this.#elements, factor: this.#factor, wires: this.#wires };
  }

  #bare(step: Step): Bare {
    let { matrix } = step;
    const wires = step.qubits.map((qubit) => this.#wires[qubit]!);
    const controls = step.controls.map(({ qubit, value }) => 2 * this.#wires[qubit]! + value);
    for (let bit = 0; bit < wires.length && matrix.length > 8;)
      if (
        !([1, 0] as const).some((value) => {
          const rest = withoutControl(matrix, bit, value);
          if (rest === undefined) return false;
          matrix = rest;
          controls.push(2 * wires.splice(bit, 1)[0]! + value);
          return true;
        })
      )
        bit += 1;
    return { matrix, wires, controls: controls.toSorted((a, b) => a - b) };
  }

  #addToPending(wire: number, matrix: Matrix): void {
    const before = this.#pending.get(wire);
    this.#pending.set(wire, before === undefined ? matrix : multiply(matrix, before));
  }

  #addDiagonal({ wires, controls }: Bare, diagonal: Float64Array): void {
    const looks = [...wires, ...controls.map((control) => control >> 1)];
    const terms = looks.length <= 2 ? this.#termsOf(diagonal, wires, controls) : undefined;
    if (terms === undefined) {
      for (const wire of looks) this.#flush(wire, false);
      if (wires.length > DIAGONAL_QUBITS_MAX) throw tooWide(wires.length, DIAGONAL_QUBITS_MAX);
      this.#put({ kind: DIAGONAL, mixes: [], looks, controls, diagonal });
      return;
    }
    for (const term of terms) this.#addPhase(term);
  }

  #termsOf(
    diagonal: Float64Array,
    wires: readonly number[],
    controls: readonly number[],
  ): PhaseTerm[] | undefined {
    let all = diagonal;
    const bits = [...wires];
    for (const control of controls) {
      // The control is a further bit above: ones where it does not hold.
      const ones = Float64Array.from(all, (_, at) => 1 - (at % 2));
      all = Float64Array.from(control & 1 ? [...ones, ...all] : [...all, ...ones]);
      bits.push(control >> 1);
    }
    return phaseTermsOf(all, bits);
  }

  #addPhase({ qubits, factor }: PhaseTerm): void {
    if (qubits.length === 0) this.#factor = times(this.#factor, factor);
    else if (qubits.length === 1)
      this.#addToPending(qubits[0]!, Float64Array.of(1, 0, 0, 0, 0, 0, factor.re, factor.im));
    else {
      for (const wire of qubits) this.#flush(wire, false);
      this.#put({ kind: 'phase', mixes: [], looks: qubits, controls: [], factor });
    }
  }

  /** SWAP and a diagonal: qubits change wires, and what waits on the wires goes with them. */
  #addSwap({ matrix, wires, controls }: Bare): boolean {
    if (wires.length !== 2 || controls.length > 0) return false;
    const diagonal = diagonalAfterSwap(matrix);
    const [a, b] = wires as [number, number];
    const terms = diagonal === undefined ? undefined : phaseTermsOf(diagonal, [b, a]);
    if (terms === undefined) return false;
    for (const [qubit, wire] of this.#wires.entries())
      if (wire === a) this.#wires[qubit] = b;
      else if (wire === b) this.#wires[qubit] = a;
    for (const term of terms) this.#addPhase(term);
    return true;
  }

  #addMixing({ matrix, wires, controls }: Bare): void {
    if (wires.length > DENSE_QUBITS_MAX) throw tooWide(wires.length, DENSE_QUBITS_MAX);
    const looks = controls.map((control) => control >> 1);
    for (const wire of looks) this.#flush(wire, false);
    if (controls.length > 0) {
      for (const wire of wires) this.#flush(wire, true);
      const isFlip = wires.length === 1 && matrix.every((value, at) => value === FLIPPED[at]);
      if (isFlip) this.#put({ kind: FLIP, mixes: wires, looks, controls });
      else this.#put({ kind: DENSE, mixes: wires, looks, controls, matrix });
      return;
    }
    this.#addDense(matrix, wires);
  }

  /** Takes what waits on its wires in, and joins a matrix on the same wires before it. */
  #addDense(given: Matrix, wires: readonly number[]): void {
    let matrix = given;
    for (const [bit, wire] of wires.entries()) {
      const waiting = this.#pending.get(wire);
      if (waiting === undefined) continue;
      matrix = multiply(matrix, embedded(waiting, [bit], wires.length));
      this.#pending.delete(wire);
    }
    const before = this.#last.get(wires[0]!);
    if (
      before?.kind === DENSE &&
      before.controls.length === 0 &&
      before.mixes.length >= wires.length &&
      wires.every((wire) => this.#last.get(wire) === before)
    ) {
      const bits = wires.map((wire) => before.mixes.indexOf(wire));
      before.matrix = multiply(embedded(matrix, bits, before.mixes.length), before.matrix);
      return;
    }
    this.#put({ kind: DENSE, mixes: wires, looks: [], controls: [], matrix });
  }

  /**
   * Puts out what waits on a wire, before something that looks at the wire; a diagonal may go on waiting
   * then, unless the wire is about to be mixed.
   */
  #flush(wire: number, whole: boolean): void {
    const matrix = this.#pending.get(wire);
    if (matrix === undefined) return;
    const diagonal = diagonalOf(matrix);
    if (diagonal !== undefined && !whole) return;
    this.#pending.delete(wire);
    const before = this.#last.get(wire);
    if (before?.kind === DENSE && before.controls.length === 0) {
      const bits = [before.mixes.indexOf(wire)];
      before.matrix = multiply(embedded(matrix, bits, before.mixes.length), before.matrix);
      return;
    }
    if (diagonal !== undefined) this.#putDiagonal(wire, diagonal);
    else this.#putRotation(wire, matrix, whole);
  }

  #putDiagonal(wire: number, diagonal: Float64Array): void {
    const terms = phaseTermsOf(diagonal, [wire]);
    if (terms === undefined)
      return this.#put({ kind: DIAGONAL, mixes: [], looks: [wire], controls: [], diagonal });
    for (const { qubits, factor } of terms)
      if (qubits.length === 0) this.#factor = times(this.#factor, factor);
      else this.#putPhase(wire, factor);
  }

  #putPhase(wire: number, factor: Complex): void {
    if (factor.re === 1 && factor.im === 0) return;
    this.#put({ kind: 'phase', mixes: [], looks: [wire], controls: [], factor });
  }

  #putRotation(wire: number, matrix: Matrix, whole: boolean): void {
    const rotated = rotationOf(matrix);
    if (rotated === undefined)
      return this.#put({ kind: DENSE, mixes: [wire], looks: [], controls: [], matrix });
    const { before, form, t, after, factor } = rotated;
    const scale = modulus(factor);
    this.#factor = times(this.#factor, { re: factor.re / scale, im: factor.im / scale });
    this.#putPhase(wire, before);
    this.#put({ kind: ROTATE, mixes: [wire], looks: [], controls: [], form, t, scale });
    if (whole) this.#putPhase(wire, after);
    else this.#pending.set(wire, Float64Array.of(1, 0, 0, 0, 0, 0, after.re, after.im));
  }

  #put(element: Element): void {
    this.#elements.push(element);
    for (const wire of element.looks) this.#last.delete(wire);
    for (const wire of element.mixes) this.#last.set(wire, element);
  }
}

const FLIPPED = [0, 0, 1, 0, 1, 0, 0, 0];
const first = (matrix: Matrix): Complex => ({ re: matrix[0]!, im: matrix[1]! });
const tooWide = (wires: number, most: number): RangeError =>
  new RangeError(`a matrix on ${wires} qubits, at most ${most}`);
