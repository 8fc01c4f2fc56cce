import type { Circuit, CustomGate, GateInstruction, Instruction } from '../circuit.ts';
import { CircuitError } from '../error.ts';
import { GATES } from '../gates.ts';
import { adjoint } from '../matrix.ts';
import { unknownGate } from './expand.ts';
import { substitutedAngle } from './substitute.ts';
import { checkNesting } from './walk.ts';

/**
 * The circuit that undoes this one, global phase included. The inverse of a custom gate becomes a
 * custom gate of its own, named with `_dg`.
 * @throws CircuitError UNSUPPORTED where something in it cannot be undone: a measurement, a reset,
 * noise, what depends on results
 */
export function inverseOf(circuit: Circuit): Circuit {
  const names = new Map<string, string>();
  const taken = new Set([...GATES.keys(), ...circuit.customGates.map(({ name }) => name)]);
  const inverses: CustomGate[] = [];
  for (const custom of circuit.customGates) {
    let name = `${custom.name}_dg`;
    while (taken.has(name)) name += '_';
    taken.add(name);
    inverses.push({
      ...custom,
      name,
      body: custom.body.toReversed().map((step) => inverseGate(step, names)),
    });
    names.set(custom.name, name);
  }
  return {
    ...circuit,
    customGates: [...circuit.customGates, ...inverses],
    body: inverseBody(circuit.body, names, 0),
  };
}

/** The gate that undoes one, with the same qubits and controls. `customs` names the inverses of custom gates. */
function inverseGate(use: GateInstruction, customs: ReadonlyMap<string, string>): GateInstruction {
  const custom = customs.get(use.gate);
  if (custom !== undefined) return { ...use, gate: custom };
  const gate = GATES.get(use.gate) ?? unknownGate(use.gate);
  const values = new Map(gate.params.map((name, at) => [name, use.params[at]!]));
  return {
    ...use,
    gate: gate.inverse.gate,
    params: gate.inverse.params.map((param) => substitutedAngle(param, (name) => values.get(name))),
  };
}

function inverseBody(
  body: readonly Instruction[],
  customs: ReadonlyMap<string, string>,
  depth: number,
): readonly Instruction[] {
  checkNesting(depth);
  const result: Instruction[] = [];
  for (let at = body.length - 1; at >= 0; at -= 1) {
    const instruction = body[at]!;
    switch (instruction.kind) {
      case 'gate':
        result.push(inverseGate(instruction, customs));
        break;
      case 'unitary':
        result.push({ ...instruction, matrix: adjoint(instruction.matrix) });
        break;
      case 'barrier':
      case 'coordinates':
        result.push(instruction);
        break;
      case 'repeat':
        result.push({ ...instruction, body: inverseBody(instruction.body, customs, depth + 1) });
        break;
      default:
        throw new CircuitError(
          'UNSUPPORTED',
          `A circuit with ${instruction.kind} in it has no inverse.`,
        );
    }
  }
  return result;
}
