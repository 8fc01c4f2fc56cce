import { GATES, type Circuit } from '@anarq/circuit';
import type { Step } from '@anarq/quantum-engine';

/** The gates of a circuit as matrices, for the planner. */
export const stepsOf = (circuit: Circuit): Step[] =>
  circuit.body.map((instruction) => {
    if (instruction.kind !== 'gate')
      throw new Error(`a measured circuit has no ${instruction.kind}`);
    const gate = GATES.get(instruction.gate);
    if (gate === undefined) throw new Error(`no gate ${instruction.gate}`);
    const angles = instruction.params.map((param) => {
      if (param.kind !== 'literal')
        throw new Error('a measured circuit has numbers for its angles');
      return Number(param.value);
    });
    return { matrix: gate.matrix(...angles), qubits: instruction.qubits, controls: [] };
  });
