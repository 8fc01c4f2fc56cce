import type { Control, GateInstruction } from '../../circuit.ts';
import { CircuitError } from '../../error.ts';
import { type Gate, GATES, QASM2_GATES, QASM3_GATES } from '../../gates.ts';
import { HALF_PHASE } from '../portable.ts';
import { expressionText, type Namings } from './expression.ts';

/** Names of the standard file of a version, which every text that is written here includes. */
export const STANDARD_NAMES: Readonly<Record<2 | 3, ReadonlyMap<string, Gate>>> = {
  2: QASM2_GATES,
  3: QASM3_GATES,
};

/** The name that a gate of the table has in the standard file, if it is there. */
export function standardName(
  version: 2 | 3,
  gate: string,
  isPhaseSeen: boolean,
): string | undefined {
  const found = GATES.get(gate);
  if (found === undefined) return undefined;
  if (version === 2) return found.qasm2[0];
  return found.qasm3[0] ?? (HALF_PHASE.includes(gate) && !isPhaseSeen ? gate : undefined);
}

/** Gates of version 2 that are others with controls. */
const CONTROLLED_2: Readonly<Record<string, string>> = {
  'x 1': 'cx',
  'x 2': 'ccx',
  'x 3': 'c3x',
  'x 4': 'c4x',
  'cx 1': 'ccx',
  'cx 2': 'c3x',
  'cx 3': 'c4x',
  'ccx 1': 'c3x',
  'y 1': 'cy',
  'z 1': 'cz',
  'h 1': 'ch',
  'sx 1': 'csx',
  'p 1': 'cp',
  'u1 1': 'cu1',
  'rx 1': 'crx',
  'ry 1': 'cry',
  'rz 1': 'crz',
  'u3 1': 'cu3',
  'swap 1': 'cswap',
};

/** A gate with controls as one of version 2. */
export function withoutControls(step: GateInstruction): GateInstruction {
  const controls = step.controls ?? [];
  if (controls.length === 0) return step;
  const name = CONTROLLED_2[`${step.gate} ${controls.length}`];
  if (name === undefined || controls.some((one) => one.value === 0))
    throw new CircuitError(
      'UNSUPPORTED',
      `OpenQASM 2 has no gate for ${step.gate} with ${controls.length} controls`,
    );
  return {
    kind: 'gate',
    gate: name,
    params: step.params,
    qubits: [...controls.map((one) => one.qubit), ...step.qubits],
  };
}

/** `ctrl(2) @ negctrl @ name(params) a, b, c, d;` */
export function callText(
  name: string,
  step: GateInstruction,
  names: Namings,
  qubit: (qubit: number) => string,
): string {
  const params = step.params.map((param) => expressionText(param, names));
  const args = params.length === 0 ? '' : `(${params.join(', ')})`;
  const controls = step.controls ?? [];
  const operands = [...controls.map((one) => one.qubit), ...step.qubits].map(qubit);
  const list = operands.length === 0 ? '' : ` ${operands.join(', ')}`;
  return `${modifiers(controls)}${name}${args}${list};`;
}

function modifiers(controls: readonly Control[]): string {
  let text = '';
  for (let at = 0; at < controls.length;) {
    const { value } = controls[at]!;
    let end = at;
    while (controls[end]?.value === value) end += 1;
    const count = end - at;
    text += `${value === 1 ? 'ctrl' : 'negctrl'}${count === 1 ? '' : `(${count})`} @ `;
    at = end;
  }
  return text;
}
