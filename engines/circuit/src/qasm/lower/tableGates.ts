import type { CustomGate, GateInstruction } from '../../circuit.ts';
import type { Expression } from '../../expression.ts';
import { GATES } from '../../gates.ts';
import { definitionOf } from '../portable.ts';

/** Whether a text defines a gate of the table just as a text that is written here does. */
export function isOfTable(version: 2 | 3, made: CustomGate): boolean {
  const gate = GATES.get(made.name);
  if (gate?.decomposition === undefined) return false;
  if (gate.qubits !== made.qubits || gate.params.length !== made.parameters.length) return false;
  const names = new Map(gate.params.map((name, at) => [name, made.parameters[at]!]));
  const wanted = definitionOf(version, gate);
  return (
    wanted.length === made.body.length &&
    wanted.every((step, at) => isSameStep(step, made.body[at]!, names))
  );
}

function isSameStep(
  wanted: GateInstruction,
  step: GateInstruction,
  names: ReadonlyMap<string, string>,
): boolean {
  return (
    wanted.gate === step.gate &&
    step.controls === undefined &&
    wanted.qubits.length === step.qubits.length &&
    wanted.qubits.every((qubit, at) => qubit === step.qubits[at]) &&
    wanted.params.every((param, at) => isSameAngle(param, step.params[at], names))
  );
}

function isSameAngle(
  wanted: Expression,
  angle: Expression | undefined,
  names: ReadonlyMap<string, string>,
): boolean {
  if (angle === undefined) return false;
  switch (wanted.kind) {
    case 'literal':
      return angle.kind === 'literal' && Number(wanted.value) === Number(angle.value);
    case 'parameter':
      return angle.kind === 'parameter' && names.get(wanted.name) === angle.name;
    case 'unary':
      return (
        angle.kind === 'unary' && wanted.op === angle.op && isSameAngle(wanted.of, angle.of, names)
      );
    case 'binary':
      return (
        angle.kind === 'binary' &&
        wanted.op === angle.op &&
        isSameAngle(wanted.left, angle.left, names) &&
        isSameAngle(wanted.right, angle.right, names)
      );
    default:
      return false;
  }
}
