import type { GateInstruction } from '../../circuit.ts';
import type { Statement } from '../syntax.ts';
import type { Context } from './context.ts';
import { isOfTable } from './tableGates.ts';
import { Scope } from './scope.ts';
import { BUILT_IN } from './standardGates.ts';
import { FLOAT } from './types.ts';
import { wiresOf } from './wires.ts';

/** `gate name(params) qubits { … }` */
export function gateDefinition(context: Context, gate: Statement & { kind: 'gate' }): void {
  const { name } = gate.name;
  checkNew(context, gate);
  const params = gate.params ?? [];
  const scope = new Scope(context.globals, true);
  for (const param of params) {
    if (scope.has(param.name)) context.wrong(`'${param.name}' is declared already`, param);
    scope.set(param.name, {
      kind: 'value',
      typed: { type: FLOAT, value: { kind: 'parameter', name: param.name }, known: undefined },
    });
  }
  for (const [index, qubit] of gate.qubits.entries()) {
    if (scope.has(qubit.name)) context.wrong(`'${qubit.name}' is declared already`, qubit);
    scope.set(qubit.name, { kind: 'qubits', wires: wiresOf([index]), isRegister: false });
  }
  const shape = { isOwn: true, params: params.length, qubits: gate.qubits.length };
  context.needsParameters = false;
  const steps = context.gateSteps(scope, context.source, gate.scope.body, true);
  if (context.needsParameters || steps.some((step) => step.kind === 'unitary')) {
    context.gates.set(name, { ...shape, kind: 'inline', definition: gate, source: context.source });
    return;
  }
  const definition = {
    name,
    parameters: params.map((param) => param.name),
    qubits: gate.qubits.length,
    body: steps.filter((step): step is GateInstruction => step.kind === 'gate'),
  };
  // What is defined as the table defines it is the gate of the table.
  const made = isOfTable(context.version, definition) ? name : context.addGate(definition);
  context.gates.set(name, { ...shape, kind: 'gate', gate: made });
}

export function opaque(context: Context, gate: Statement & { kind: 'opaque' }): void {
  checkNew(context, gate);
  context.gates.set(gate.name.name, {
    kind: 'opaque',
    isOwn: true,
    params: gate.params.length,
    qubits: gate.qubits.length,
  });
}

function checkNew(context: Context, gate: Statement & { kind: 'gate' | 'opaque' }): void {
  const { name } = gate.name;
  if (context.scope !== context.globals || context.gateBody)
    context.wrong('A gate is defined outside of all blocks', gate);
  if (
    context.gates.get(name)?.isOwn ||
    context.scope.has(name) ||
    BUILT_IN[context.version].includes(name)
  )
    context.wrong(`'${name}' is declared already`, gate.name);
}
