import type { Circuit, GateInstruction, Instruction } from '@anarq/circuit';
import { GATES } from '@anarq/circuit';
import type { Random } from '../../src/index.ts';
import { GATE_NAMES } from './plain.ts';

/** A circuit from its instructions; its registers are `q` and `c`. */
export function circuitOf(qubits: number, bits: number, body: readonly Instruction[]): Circuit {
  return {
    qubits,
    qubitRegisters: [{ name: 'q', start: 0, size: qubits }],
    bits,
    bitRegisters: bits === 0 ? [] : [{ name: 'c', start: 0, size: bits }],
    variables: [],
    parameters: [],
    customGates: [],
    body,
  };
}

export const gate = (name: string, ...qubits: number[]): GateInstruction => ({
  kind: 'gate',
  gate: name,
  params: [],
  qubits,
});
export const measure = (qubit: number, bit?: number): Instruction =>
  bit === undefined ? { kind: 'measure', qubit } : { kind: 'measure', qubit, bit };
export const when = (bit: number, ...then: Instruction[]): Instruction => ({
  kind: 'if',
  condition: { kind: 'bit', bit },
  then,
  else: [],
});

/** A gate of `GATE_NAMES` on qubits of the first `qubits`. */
export function randomGate(random: Random, qubits: number): Instruction {
  for (;;) {
    const name = GATE_NAMES[random.below(GATE_NAMES.length)]!;
    const a = random.below(qubits);
    if (GATES.get(name)!.qubits === 1) return gate(name, a);
    if (qubits > 1) return gate(name, a, (a + 1 + random.below(qubits - 1)) % qubits);
  }
}

/** Gates, measurements, resets, and operations that depend on results, some of them repeated. */
export function randomCircuit(random: Random, qubits: number, length: number): Circuit {
  const bits = 4;
  const bodyOf = (count: number, depth: number): Instruction[] =>
    Array.from({ length: count }, () => {
      const kind = random.below(20);
      const qubit = random.below(qubits);
      if (kind < 3)
        return { kind: 'measure', qubit, bit: random.below(bits), inverted: kind === 0 };
      if (kind === 3) return { kind: 'reset', qubit };
      if (kind === 4) return measure(qubit);
      if (kind === 5 && depth < 2)
        return {
          kind: 'if',
          condition: { kind: 'bit', bit: random.below(bits) },
          then: bodyOf(random.below(3), depth + 1),
          else: bodyOf(random.below(3), depth + 1),
        };
      if (kind === 6 && depth < 2)
        return { kind: 'repeat', times: random.below(4), body: bodyOf(3, depth + 1) };
      return randomGate(random, qubits);
    });
  return circuitOf(qubits, bits, bodyOf(length, 0));
}
