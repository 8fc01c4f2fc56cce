import type { Gate } from './gates/gate.ts';
import { manyQubits } from './gates/manyQubits.ts';
import { oneQubitFixed, oneQubitStim, oneQubitTurning } from './gates/oneQubit.ts';
import { twoQubitControlled, twoQubitOthers } from './gates/twoQubits.ts';
import { twoQubitStim } from './gates/twoQubitStim.ts';

export type { Gate, GateUse } from './gates/gate.ts';

const table = [
  ...oneQubitTurning,
  ...oneQubitFixed,
  ...oneQubitStim,
  ...twoQubitControlled,
  ...twoQubitOthers,
  ...twoQubitStim,
  ...manyQubits,
];
const all: readonly Gate[] = table;

/** The gates of the table as types know them: name, params and operands of each. */
export type TableGate = (typeof table)[number];

/** Every gate by its name. */
export const GATES: ReadonlyMap<string, Gate> = new Map(all.map((gate) => [gate.name, gate]));

const byName = (names: (gate: Gate) => readonly string[]): ReadonlyMap<string, Gate> =>
  new Map(all.flatMap((gate) => names(gate).map((name) => [name, gate] as const)));

/** The gates of OpenQASM 2 and its qelib1.inc, by every name they have there. */
export const QASM2_GATES = byName((gate) => gate.qasm2);
/** The gates of OpenQASM 3 and its stdgates.inc, by every name they have there, but u2 and u3 (see there). */
export const QASM3_GATES = byName((gate) => gate.qasm3);
/** The gates of .stim files, by every name they have there, in upper case. */
export const STIM_GATES = byName((gate) => gate.stim);
