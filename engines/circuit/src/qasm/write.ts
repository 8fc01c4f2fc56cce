import type { Circuit } from '../circuit.ts';
import { bodyLines } from './write/body.ts';
import { Writer } from './write/writer.ts';

export interface WriteQasmOptions {
  /** 3 unless given. */
  readonly version?: 2 | 3;
}

/**
 * A circuit as a text of OpenQASM 3.1 or 2.0. Read again, a text of version 3 is the same circuit,
 * and so is one of version 2 where the language can say it; exceptions are named in ADR 106. Gates
 * that the standard file lacks are defined in the text, by their decomposition. Angles are multiples
 * of pi where that is exact, else the shortest digits that read as the same number.
 * @throws CircuitError UNSUPPORTED with what the language cannot say: noise, detectors, matrices of
 * several qubits; in version 2 also variables, loops, and controls without a gate of qelib1.inc
 */
export function writeQasm(circuit: Circuit, options: WriteQasmOptions = {}): string {
  const { version = 3 } = options;
  const writer = new Writer(circuit, version);
  writer.customDefinitions();
  const declarations = [...writer.declarations()];
  const body = [...bodyLines(writer, circuit.body)];
  const header =
    version === 2
      ? ['OPENQASM 2.0;', 'include "qelib1.inc";']
      : ['OPENQASM 3.1;', 'include "stdgates.inc";'];
  const aliases = [...writer.aliases].map(([of, name]) => `let ${name} = ${of};`);
  return [...header, ...writer.definitions, ...declarations, ...aliases, ...body, ''].join('\n');
}
