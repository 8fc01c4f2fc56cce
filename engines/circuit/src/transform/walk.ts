import { NESTING_MAX, type Instruction } from '../circuit.ts';
import { CircuitError } from '../error.ts';

/** @throws CircuitError LIMIT where blocks stand in one another deeper than NESTING_MAX */
export function checkNesting(depth: number): void {
  if (depth > NESTING_MAX)
    throw new CircuitError('LIMIT', `Blocks stand in one another at most ${NESTING_MAX} deep.`);
}

/**
 * A body in which each instruction has become those that `change` makes of it; a block comes to
 * `change` with its bodies changed already.
 */
export function changedBody(
  body: readonly Instruction[],
  change: (instruction: Instruction) => readonly Instruction[],
  depth = 0,
): readonly Instruction[] {
  checkNesting(depth);
  const changed: Instruction[] = [];
  for (const instruction of body)
    for (const made of change(withChangedBodies(instruction, change, depth))) changed.push(made);
  return changed;
}

function withChangedBodies(
  instruction: Instruction,
  change: (instruction: Instruction) => readonly Instruction[],
  depth: number,
): Instruction {
  switch (instruction.kind) {
    case 'if':
      return {
        ...instruction,
        then: changedBody(instruction.then, change, depth + 1),
        else: changedBody(instruction.else, change, depth + 1),
      };
    case 'while':
    case 'repeat':
      return { ...instruction, body: changedBody(instruction.body, change, depth + 1) };
    default:
      return instruction;
  }
}

/** The bodies of a block; none for other instructions. */
export function bodiesOf(instruction: Instruction): readonly (readonly Instruction[])[] {
  switch (instruction.kind) {
    case 'if':
      return [instruction.then, instruction.else];
    case 'while':
    case 'repeat':
      return [instruction.body];
    default:
      return [];
  }
}

/** The qubits an instruction names, controls included; of a block those of its bodies are not among them. */
export function qubitsNamed(instruction: Instruction): readonly number[] {
  switch (instruction.kind) {
    case 'gate':
    case 'unitary':
      return instruction.controls === undefined
        ? instruction.qubits
        : [...instruction.controls.map(({ qubit }) => qubit), ...instruction.qubits];
    case 'measure':
    case 'reset':
      return [instruction.qubit];
    case 'barrier':
    case 'noise':
    case 'coordinates':
      return instruction.qubits;
    default:
      return [];
  }
}
