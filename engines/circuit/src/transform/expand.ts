import {
  INSTRUCTIONS_MAX,
  NESTING_MAX,
  type Circuit,
  type CustomGate,
  type GateInstruction,
  type Instruction,
} from '../circuit.ts';
import { CircuitError } from '../error.ts';
import { GATES } from '../gates.ts';
import { substitutedAngle } from './substitute.ts';
import { bodiesOf, changedBody, checkNesting } from './walk.ts';

/**
 * A circuit in which gates of the table stand in place of its own. Controls of a custom gate come
 * upon each gate of its body, global phases included.
 * @throws CircuitError LIMIT where it would have more than INSTRUCTIONS_MAX instructions, SEMANTICS
 * for an unknown gate
 */
export function expandCustomGates(circuit: Circuit): Circuit {
  const customs = measured(circuit.customGates);
  if (circuit.customGates.length === 0) return circuit;
  const size = expandedSize(circuit.body, customs, 0);
  if (size > INSTRUCTIONS_MAX)
    throw new CircuitError(
      'LIMIT',
      `With its own gates expanded the circuit has ${size} instructions; ${INSTRUCTIONS_MAX} are the most.`,
    );
  return {
    ...circuit,
    customGates: [],
    body: changedBody(circuit.body, (instruction) =>
      instruction.kind === 'gate' && customs.has(instruction.gate)
        ? expanded(instruction, customs)
        : [instruction],
    ),
  };
}

interface Measured {
  readonly custom: CustomGate;
  /** Its place among the custom gates. A body means by a name one before it, or one of the table. */
  readonly order: number;
  readonly size: number;
  readonly depth: number;
}

/** How large and how deep each custom gate is, worked out in the order of definition without expanding. */
function measured(customGates: readonly CustomGate[]): ReadonlyMap<string, Measured> {
  const all = new Map<string, Measured>();
  for (const custom of customGates) {
    let size = 0;
    let depth = 1;
    for (const step of custom.body) {
      const inner = all.get(step.gate);
      if (inner === undefined && !GATES.has(step.gate)) unknownGate(step.gate);
      size += inner?.size ?? 1;
      depth = Math.max(depth, (inner?.depth ?? 0) + 1);
    }
    if (depth > NESTING_MAX)
      throw new CircuitError('LIMIT', `Gates are defined by others at most ${NESTING_MAX} deep.`);
    if (all.has(custom.name))
      throw new CircuitError('SEMANTICS', `The gate ${custom.name} is defined twice.`);
    all.set(custom.name, { custom, order: all.size, size, depth });
  }
  return all;
}

export function unknownGate(name: string): never {
  throw new CircuitError('SEMANTICS', `There is no gate ${JSON.stringify(name.slice(0, 40))}.`);
}

function expandedSize(
  body: readonly Instruction[],
  customs: ReadonlyMap<string, Measured>,
  depth: number,
): number {
  checkNesting(depth);
  let size = 0;
  for (const instruction of body) {
    size += instruction.kind === 'gate' ? (customs.get(instruction.gate)?.size ?? 1) : 1;
    for (const inner of bodiesOf(instruction)) size += expandedSize(inner, customs, depth + 1);
  }
  return size;
}

function expanded(
  use: GateInstruction,
  customs: ReadonlyMap<string, Measured>,
  made: GateInstruction[] = [],
  before = Number.POSITIVE_INFINITY,
): readonly GateInstruction[] {
  const found = customs.get(use.gate);
  if (found === undefined || found.order >= before) {
    made.push(use);
    return made;
  }
  const { custom } = found;
  if (use.params.length !== custom.parameters.length || use.qubits.length !== custom.qubits)
    throw new CircuitError(
      'SEMANTICS',
      `${custom.name} takes ${custom.parameters.length} params and ${custom.qubits} qubits, not ${use.params.length} and ${use.qubits.length}.`,
    );
  const values = new Map(custom.parameters.map((name, at) => [name, use.params[at]!]));
  const given = (name: string) => values.get(name);
  for (const step of custom.body) {
    const inner = (step.controls ?? []).map(({ qubit, value }) => ({
      qubit: use.qubits[qubit]!,
      value,
    }));
    const controls = [...(use.controls ?? []), ...inner];
    const next: GateInstruction = {
      kind: 'gate',
      gate: step.gate,
      params: step.params.map((param) => substitutedAngle(param, given)),
      qubits: step.qubits.map((qubit) => use.qubits[qubit]!),
      ...(controls.length === 0 ? {} : { controls }),
    };
    expanded(next, customs, made, found.order);
  }
  return made;
}
