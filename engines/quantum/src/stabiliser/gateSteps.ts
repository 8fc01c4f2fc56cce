import {
  CircuitError,
  evaluateAngle,
  controlled,
  GATES,
  INSTRUCTIONS_MAX,
  NESTING_MAX,
  qubitsOf,
  type Circuit,
  type Control,
  type CustomGate,
  type GateInstruction,
  type Matrix,
  type UnitaryInstruction,
} from '@anarq/circuit';
import { stepsOf, stepsOfMatrix } from './clifford.ts';
import type { Step } from './ops.ts';

type Emit = (op: number, a: number, b: number) => void;

/** Gates on more operands than this, controls among them, are refused: none of the table is Clifford. */
const OPERANDS_MAX = 2;

/** Takes the gates of a circuit apart into operations of `OP`. */
export class GateSteps {
  readonly #custom: ReadonlyMap<string, CustomGate>;
  /** By name, of gates without parameters and controls; and by name, parameters and values of controls. */
  readonly #known = new Map<string, readonly Step[]>();
  /** Bodies may name other gates, and so on: what costs time counts, even where nothing comes of it. */
  #expanded = 0;

  constructor(circuit: Circuit) {
    this.#custom = new Map(circuit.customGates.map((gate) => [gate.name, gate]));
  }

  /**
   * Hands the operations of a gate to `emit`, one after the other.
   * @throws CircuitError UNSUPPORTED where it is not Clifford
   */
  gate(instruction: GateInstruction, emit: Emit): void {
    const { gate, params, qubits, controls } = instruction;
    if (params.length === 0 && controls === undefined) {
      const known = this.#known.get(gate);
      if (known !== undefined) {
        send(known, qubits, emit);
        return;
      }
    }
    this.#gate(instruction, new Map(), emit, 0);
  }

  #gate(
    instruction: GateInstruction,
    values: ReadonlyMap<string, number>,
    emit: Emit,
    depth: number,
  ): void {
    const { gate: name, qubits, controls = [] } = instruction;
    const params = instruction.params.map((param) =>
      evaluateAngle(param, { parameter: (of) => values.get(of) }),
    );
    const custom = this.#custom.get(name);
    if (custom !== undefined) {
      this.#expand(custom, params, qubits, controls, emit, depth);
      return;
    }
    const gate = GATES.get(name);
    if (gate === undefined) throw new CircuitError('SEMANTICS', `There is no gate ${name}.`);
    const shape = controls.map(({ value }) => value).join('');
    const key = params.length + controls.length === 0 ? name : `${name}(${params.join()})${shape}`;
    let steps = this.#known.get(key);
    if (steps === undefined) {
      const label = params.length === 0 ? name : `${name}(${params.join(', ')})`;
      steps =
        gate.stabiliser !== undefined && controls.length === 0
          ? stepsOf(gate.stabiliser)
          : cliffordSteps(gate.matrix(...params), controls, label, qubits);
      this.#known.set(key, steps);
    }
    send(steps, controls.length === 0 ? qubits : operands(controls, qubits), emit);
  }

  #expand(
    custom: CustomGate,
    params: readonly number[],
    qubits: readonly number[],
    controls: readonly Control[],
    emit: Emit,
    depth: number,
  ): void {
    if (depth >= NESTING_MAX)
      throw new CircuitError('LIMIT', `Gates call each other more than ${NESTING_MAX} deep.`);
    this.#expanded += 1 + custom.body.length;
    if (this.#expanded > INSTRUCTIONS_MAX)
      throw new CircuitError(
        'LIMIT',
        `Gates expand to more than ${INSTRUCTIONS_MAX} instructions.`,
      );
    const values = new Map(custom.parameters.map((name, at) => [name, params[at] ?? 0]));
    for (const inner of custom.body)
      this.#gate(
        {
          ...inner,
          qubits: inner.qubits.map((qubit) => qubits[qubit]!),
          controls: [
            ...controls,
            ...(inner.controls ?? []).map(({ qubit, value }) => ({ qubit: qubits[qubit]!, value })),
          ],
        },
        values,
        emit,
        depth + 1,
      );
  }

  /**
   * The same for a matrix.
   * @throws CircuitError UNSUPPORTED where it is not Clifford
   */
  unitary(instruction: UnitaryInstruction, emit: Emit): void {
    const { matrix, qubits, controls = [], label = 'The matrix' } = instruction;
    const steps = cliffordSteps(matrix, controls, label, qubits);
    send(steps, operands(controls, qubits), emit);
  }
}

/** `controlled` puts each new operand first. */
const operands = (controls: readonly Control[], qubits: readonly number[]): readonly number[] => [
  ...controls.map(({ qubit }) => qubit).toReversed(),
  ...qubits,
];

function send(steps: readonly Step[], qubits: readonly number[], emit: Emit): void {
  for (const { op, a, b } of steps) emit(op, qubits[a]!, qubits[b] ?? 0);
}

function cliffordSteps(
  matrix: Matrix,
  controls: readonly Control[],
  label: string,
  qubits: readonly number[],
): readonly Step[] {
  const count = qubitsOf(matrix) + controls.length;
  const full =
    count > OPERANDS_MAX
      ? undefined
      : controls.reduce((inner, { value }) => controlled(inner, value), matrix);
  const steps = full && stepsOfMatrix(full);
  if (steps !== undefined) return steps;
  const on = [...operands(controls, qubits)].join(', ');
  throw new CircuitError(
    'UNSUPPORTED',
    count > OPERANDS_MAX && controls.length === 0 && !GATES.has(label)
      ? `${label} on qubits ${on} acts on ${count} qubits; the stabiliser method takes Clifford gates on at most ${OPERANDS_MAX}.`
      : `${controls.length > 0 ? 'Controlled ' : ''}${label} on qubit ${on} is not a Clifford gate; the stabiliser method takes no others.`,
  );
}
