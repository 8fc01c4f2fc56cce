import type { Circuit, GateInstruction } from '@anarq/circuit';

/** Names of qsim's gates (its docs/input_format.md) for those of the measured circuits. */
const QSIM_NAMES: Readonly<Record<string, string>> = {
  sx: 'x_1_2',
  sqrt_y: 'y_1_2',
  sqrt_w: 'hz_1_2',
  fsim: 'fs',
  swap: 'sw',
  cx: 'cnot',
  h: 'h',
  cp: 'cp',
  rx: 'rx',
  ry: 'ry',
  rz: 'rz',
};

/**
 * A circuit of gates as a file of qsim: the number of qubits, then a gate a line with the moment it may
 * begin. Moments count from 1, so that `-d 0` reads the file and runs nothing.
 */
export function qsimText(circuit: Circuit): string {
  const free = Array.from({ length: circuit.qubits }, () => 1);
  const lines = gatesOf(circuit).map(({ gate, qubits, angles }) => {
    const name = QSIM_NAMES[gate];
    if (name === undefined) throw new Error(`qsim's files have no gate ${gate}`);
    const moment = Math.max(...qubits.map((qubit) => free[qubit]!));
    for (const qubit of qubits) free[qubit] = moment + 1;
    return { moment, line: [moment, name, ...qubits, ...angles].join(' ') };
  });
  lines.sort((a, b) => a.moment - b.moment);
  return `${circuit.qubits}\n${lines.map(({ line }) => line).join('\n')}\n`;
}

/** The same as OpenQASM 2, for those whose gates are all in qelib1.inc. */
export function qasmText(circuit: Circuit): string {
  const lines = gatesOf(circuit).map(({ gate, qubits, angles }) => {
    const given = angles.length === 0 ? '' : `(${angles.join(',')})`;
    const name = gate === 'cp' ? 'cu1' : gate;
    return `${name}${given} ${qubits.map((qubit) => `q[${qubit}]`).join(',')};`;
  });
  return `OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[${circuit.qubits}];\n${lines.join('\n')}\n`;
}

/** Stim's names for the gates of random Clifford circuits. */
const STIM_NAMES: Readonly<Record<string, string>> = {
  h: 'H',
  s: 'S',
  sdg: 'S_DAG',
  sx: 'SQRT_X',
  x: 'X',
  z: 'Z',
  cx: 'CX',
};

/** A circuit of Clifford gates as a .stim file, with all qubits measured at the end. */
export function stimText(circuit: Circuit): string {
  const lines = gatesOf(circuit).map(
    ({ gate, qubits }) => `${STIM_NAMES[gate]} ${qubits.join(' ')}`,
  );
  const all = Array.from({ length: circuit.qubits }, (_, qubit) => qubit);
  return `${lines.join('\n')}\nM ${all.join(' ')}\n`;
}

interface PlainGate {
  readonly gate: string;
  readonly qubits: readonly number[];
  readonly angles: readonly string[];
}

const gatesOf = (circuit: Circuit): PlainGate[] =>
  circuit.body
    .filter((instruction): instruction is GateInstruction => instruction.kind === 'gate')
    .map(({ gate, qubits, params }) => ({
      gate,
      qubits,
      // Not in exponents, which not every reader takes.
      angles: params.map((param) =>
        param.kind === 'literal' ? Number(param.value).toFixed(15) : '',
      ),
    }));
