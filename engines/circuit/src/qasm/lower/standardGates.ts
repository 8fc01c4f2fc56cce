import { GATES, type Gate, QASM2_GATES, QASM3_GATES } from '../../gates.ts';
import type { Context } from './context.ts';

/** Gates that need no include. */
export const BUILT_IN: Readonly<Record<2 | 3, readonly string[]>> = {
  2: ['U', 'CX'],
  3: ['U', 'gphase'],
};

/** Names that the standard files share with gates that are not exactly the same (see gateMeaning.ts). */
const HALF_PHASE: readonly string[] = ['u2', 'u3'];

function add(context: Context, name: string, gate: Gate, hasHalfPhase = false): void {
  // A definition of the text itself wins.
  if (context.gates.get(name)?.isOwn ?? false) return;
  context.gates.set(name, {
    kind: 'gate',
    isOwn: false,
    gate: gate.name,
    params: gate.params.length,
    qubits: gate.qubits,
    ...(hasHalfPhase ? { hasHalfPhase } : {}),
  });
}

export function addBuiltIn(context: Context): void {
  const gates = context.version === 2 ? QASM2_GATES : QASM3_GATES;
  for (const name of BUILT_IN[context.version]) {
    const gate = gates.get(name);
    if (gate !== undefined) add(context, name, gate);
  }
}

function addStdgates(context: Context): void {
  for (const [name, gate] of QASM3_GATES) add(context, name, gate);
  for (const name of HALF_PHASE) add(context, name, GATES.get(name)!, true);
}

function addQelib1(context: Context): void {
  // In a text of version 3, its gates have global phases, and `U` is the one of version 3.
  if (context.version === 3) addStdgates(context);
  for (const [name, gate] of QASM2_GATES)
    if (context.version === 2 || !context.gates.has(name)) add(context, name, gate);
}

/** The standard files, which are built in: `include` of one of these reads no file. */
export const STANDARD_FILES: ReadonlyMap<string, (context: Context) => void> = new Map([
  ['stdgates.inc', addStdgates],
  ['qelib1.inc', addQelib1],
]);
