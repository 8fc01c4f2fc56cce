import type { Circuit, Expression, Instruction, MeasureInstruction } from '@anarq/circuit';

/** Whether anything in a circuit is measured. */
export const isMeasured = (body: readonly Instruction[]): boolean =>
  body.some(
    (one) =>
      one.kind === 'measure' ||
      (one.kind === 'if' && (isMeasured(one.then) || isMeasured(one.else))) ||
      ((one.kind === 'while' || one.kind === 'repeat') && isMeasured(one.body)),
  );

/**
 * The same circuit with all qubits measured at its end, into bit registers named as its qubit
 * registers. Bit registers that nothing reads or writes are left out; others stay before them.
 */
export function measureAll(circuit: Circuit): Circuit {
  const isIdle = !usesBits(circuit.body);
  const taken = isIdle ? 0 : circuit.bits;
  const kept = isIdle ? [] : circuit.bitRegisters;
  const names = new Set(kept.map(({ name }) => name));
  const nameFor = (name: string): string => {
    let free = name;
    while (names.has(free)) free = `${free}_`;
    names.add(free);
    return free;
  };
  const registers = circuit.qubitRegisters.map(({ name, start, size }) => ({
    name: nameFor(name),
    start: taken + start,
    size,
  }));
  const measures = Array.from({ length: circuit.qubits }, (_, qubit): MeasureInstruction => ({
    kind: 'measure',
    qubit,
    bit: taken + qubit,
  }));
  return {
    ...circuit,
    bits: taken + circuit.qubits,
    bitRegisters: [...kept, ...registers],
    body: [...circuit.body, ...measures],
  };
}

const usesBits = (body: readonly Instruction[]): boolean =>
  body.some((one) => {
    switch (one.kind) {
      case 'assign':
        return one.to.kind !== 'variable' || readsBits(one.value);
      case 'if':
        return readsBits(one.condition) || usesBits(one.then) || usesBits(one.else);
      case 'while':
        return readsBits(one.condition) || usesBits(one.body);
      case 'repeat':
        return usesBits(one.body);
      default:
        return false;
    }
  });

function readsBits(of: Expression): boolean {
  switch (of.kind) {
    case 'bit':
    case 'bits':
      return true;
    case 'unary':
      return readsBits(of.of);
    case 'binary':
      return readsBits(of.left) || readsBits(of.right);
    case 'call':
      return of.of.some(readsBits);
    default:
      return false;
  }
}
