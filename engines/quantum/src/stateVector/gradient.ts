import {
  adjoint,
  CircuitError,
  controlled,
  evaluateAngle,
  expandCustomGates,
  GATES,
  multiply,
  qubitsOf,
  type Circuit,
  type Environment,
  type Instruction,
  type Matrix,
} from '@anarq/circuit';
import type { Observable } from '../task.ts';
import type { Executor } from './executor.ts';
import { blockOf, paddedQubits, precisionOf, realAt, type Reals } from './layout.ts';
import { originalPositions, planSteps } from './planner.ts';
import { slopeOf } from './slope.ts';
import type { Step } from './step.ts';

/** An expectation value and its derivatives. */
export interface Gradient {
  readonly value: number;
  /** One a parameter of the circuit, in the order of `circuit.parameters`. */
  readonly slopes: Float64Array;
}

/** A gate with what its derivatives need. */
interface Gate extends Step {
  /** By parameters of the circuit, dU U† with controls as operands of their own. */
  readonly derivatives: readonly { readonly parameter: number; readonly matrix: Matrix }[];
  /** Operands of these: controls, then qubits. */
  readonly operands: readonly number[];
}

/**
 * The value of an observable in the final state of a circuit, and its gradient by all parameters of the circuit
 * at once, by going back through the circuit with two states (Jones and Gacon, arXiv:2009.02823): as much work
 * as about four runs, however many parameters there are.
 * @param values one a parameter of the circuit
 * @throws CircuitError UNSUPPORTED for a circuit that measures, or an angle that has no derivative
 */
export function gradientOf(
  executor: Executor,
  circuit: Circuit,
  values: readonly number[],
  observable: Observable,
): Gradient {
  const gates = gatesOf(expandCustomGates(circuit), values);
  const walk = new Walk(executor, circuit.qubits);
  try {
    walk.forward(gates);
    const value = walk.observe(observable);
    return { value, slopes: walk.back(gates, circuit.parameters.length) };
  } finally {
    walk.release();
  }
}

function gatesOf(circuit: Circuit, values: readonly number[]): Gate[] {
  if (values.length !== circuit.parameters.length)
    throw new CircuitError(
      'SEMANTICS',
      `The circuit has ${circuit.parameters.length} parameters, not ${values.length}.`,
    );
  const environment: Environment = {
    parameter: (name) => values[circuit.parameters.indexOf(name)],
  };
  return circuit.body.flatMap((one) => gateOf(one, circuit.parameters, environment));
}

function gateOf(one: Instruction, parameters: readonly string[], environment: Environment): Gate[] {
  if (one.kind === 'barrier') return [];
  if (one.kind !== 'gate' && one.kind !== 'unitary')
    throw new CircuitError('UNSUPPORTED', `A circuit with ${one.kind} has no gradient.`);
  const { qubits, controls = [] } = one;
  const operands = [...controls.map(({ qubit }) => qubit), ...qubits];
  if (one.kind === 'unitary')
    return [{ matrix: one.matrix, qubits, controls, operands, derivatives: [] }];
  const gate = GATES.get(one.gate);
  if (gate === undefined) throw new CircuitError('SEMANTICS', `There is no gate ${one.gate}.`);
  const angles = one.params.map((param) => evaluateAngle(param, environment));
  const derivatives = parameters.flatMap((name, parameter) => {
    const slopes = one.params.map((param) => slopeOf(param, name, environment));
    if (slopes.every((slope) => slope === 0)) return [];
    let matrix = multiply(
      derivativeOf(gate.matrix, angles, slopes),
      adjoint(gate.matrix(...angles)),
    );
    for (const { value } of controls.toReversed()) matrix = onlyWhere(matrix, value);
    return [{ parameter, matrix }];
  });
  return [{ matrix: gate.matrix(...angles), qubits, controls, operands, derivatives }];
}

/**
 * The derivative of a gate's matrix. Entries are sums of waves of its angles with frequencies 0, 1/2 and 1, so
 * two differences are exact: sum of c (f(a + s) - f(a - s)) with sum of 2 c sin(w s) = w for both frequencies.
 */
function derivativeOf(
  matrixOf: (...angles: number[]) => Matrix,
  angles: readonly number[],
  slopes: readonly number[],
): Matrix {
  const result = new Float64Array(matrixOf(...angles).length);
  for (const [k, slope] of slopes.entries()) {
    if (slope === 0) continue;
    for (const [shift, weight] of SHIFTS) {
      const at = (by: number): Matrix => matrixOf(...angles.with(k, angles[k]! + by));
      const [above, below] = [at(shift), at(-shift)];
      for (let entry = 0; entry < result.length; entry += 1)
        result[entry]! += slope * weight * (above[entry]! - below[entry]!);
    }
  }
  return result;
}

const SHIFTS = [
  [Math.PI, (1 - Math.SQRT2) / 4],
  [Math.PI / 2, 1 / 2],
] as const;

/** With one more operand before the others: zero where it is not `value`. */
function onlyWhere(matrix: Matrix, value: 0 | 1): Matrix {
  const all = controlled(matrix, value);
  const size = 2 ** qubitsOf(all);
  for (let row = 0; row < size; row += 1)
    if ((row & 1) !== value) all.fill(0, 2 * row * size, 2 * (row + 1) * size);
  return all;
}

class Walk {
  readonly #executor: Executor;
  /** The state, and the observable times the state: both have gone back equally far. */
  readonly #state: Reals;
  readonly #observed: Reals;
  #positions: readonly number[];

  constructor(executor: Executor, qubits: number) {
    this.#executor = executor;
    this.#positions = originalPositions(qubits);
    this.#state = executor.allocate(paddedQubits(qubits));
    this.#observed = executor.allocate(paddedQubits(qubits));
  }

  release(): void {
    this.#executor.release(this.#state);
    this.#executor.release(this.#observed);
  }

  forward(gates: readonly Gate[]): void {
    const plan = planSteps(gates, this.#positions);
    this.#executor.run(this.#state, plan);
    this.#positions = plan.positions;
  }

  /** Makes the observable times the state, and answers the expectation value. */
  observe(observable: Observable): number {
    this.#observed.fill(0);
    for (const { coefficient, factors } of observable) {
      const masks = { x: 0, z: 0, ys: 0 };
      for (const { qubit, pauli } of factors) {
        const bit = 2 ** this.#positions[qubit]!;
        if (pauli !== 'Z') masks.x += bit;
        if (pauli !== 'X') masks.z += bit;
        if (pauli === 'Y') masks.ys += 1;
      }
      addPauli(this.#observed, this.#state, coefficient, masks);
    }
    return this.#executor.overlap(this.#state, this.#observed, 0, 0)[0];
  }

  /** Goes back gate by gate; between derivatives all gates are one plan. */
  back(gates: readonly Gate[], parameters: number): Float64Array {
    const slopes = new Float64Array(parameters);
    let undone: Step[] = [];
    for (const gate of gates.toReversed()) {
      const inverse = { ...gate, matrix: adjoint(gate.matrix) };
      if (gate.derivatives.length > 0) {
        // Both states stand behind the gate: <observed| dU U† |state>.
        this.#undo(undone);
        undone = [];
        for (const { parameter, matrix } of gate.derivatives)
          slopes[parameter]! += 2 * this.#between(matrix, gate.operands);
      }
      undone.push(inverse);
    }
    return slopes;
  }

  #undo(steps: readonly Step[]): void {
    if (steps.length === 0) return;
    const plan = planSteps(steps, this.#positions);
    this.#executor.run(this.#state, plan);
    this.#executor.run(this.#observed, plan);
    this.#positions = plan.positions;
  }

  /** The real part of <observed| matrix |state>, as a sum over Pauli products. */
  #between(matrix: Matrix, operands: readonly number[]): number {
    const size = 2 ** operands.length;
    let sum = 0;
    for (let x = 0; x < size; x += 1)
      for (let z = 0; z < size; z += 1) {
        const [re, im] = coefficientOf(matrix, x, z);
        if (Math.hypot(re, im) < COEFFICIENT_MIN) continue;
        const [foundRe, foundIm] = this.#executor.overlap(
          this.#observed,
          this.#state,
          this.#masked(x, operands),
          this.#masked(z, operands),
        );
        sum += re * foundRe - im * foundIm;
      }
    return sum;
  }

  #masked(bits: number, operands: readonly number[]): number {
    return operands.reduce(
      (mask, qubit, bit) => mask + ((bits >> bit) & 1) * 2 ** this.#positions[qubit]!,
      0,
    );
  }
}

/** Smaller ones are what rounding leaves of zeros. */
const COEFFICIENT_MIN = 1e-15;

/** The coefficient of X^x Z^z in a matrix: the trace of (X^x Z^z)† matrix, by its size. */
function coefficientOf(matrix: Matrix, x: number, z: number): [number, number] {
  const size = 2 ** qubitsOf(matrix);
  let [re, im] = [0, 0];
  for (let column = 0; column < size; column += 1) {
    const entry = 2 * ((column ^ x) * size + column);
    const sign = parity(column & z) === 1 ? -1 : 1;
    re += (sign * matrix[entry]!) / size;
    im += (sign * matrix[entry + 1]!) / size;
  }
  return [re, im];
}

function parity(bits: number): number {
  let odd = 0;
  for (let left = bits; left !== 0; left &= left - 1) odd ^= 1;
  return odd;
}

/** to += coefficient P from, with P = i^ys X^x Z^z: a Y is i X Z. */
function addPauli(
  to: Reals,
  from: Reals,
  coefficient: number,
  { x, z, ys }: { readonly x: number; readonly z: number; readonly ys: number },
): void {
  const block = blockOf(precisionOf(from));
  const [turnRe, turnIm] = (
    [
      [1, 0],
      [0, 1],
      [-1, 0],
      [0, -1],
    ] as const
  )[ys & 3]!;
  for (let index = 0; index < from.length / 2; index += 1) {
    const sign = parity(index & z) === 1 ? -coefficient : coefficient;
    const source = realAt(index, block);
    const target = realAt(index ^ x, block);
    const re = from[source]!;
    const im = from[source + block]!;
    to[target]! += sign * (turnRe * re - turnIm * im);
    to[target + block]! += sign * (turnRe * im + turnIm * re);
  }
}
