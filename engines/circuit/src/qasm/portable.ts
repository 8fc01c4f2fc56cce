import type { GateInstruction } from '../circuit.ts';
import { CircuitError } from '../error.ts';
import type { Expression } from '../expression.ts';
import type { Gate } from '../gates.ts';

/** Gates that stdgates.inc has with another global phase: they stand for themselves only where that is not seen. */
export const HALF_PHASE: readonly string[] = ['u2', 'u3'];

const literal = (value: number): Expression => ({ kind: 'literal', value });

/** Minus one half of an angle. */
function minusHalf(angle: Expression): Expression {
  if (angle.kind === 'literal') return literal(-Number(angle.value) / 2);
  const minus: Expression = { kind: 'unary', op: '-', of: angle };
  return { kind: 'binary', op: '/', left: minus, right: literal(2) };
}

/**
 * A gate as gates that the standard file of the version has with exactly this matrix: `u2` and `u3`
 * in version 3 are `U` with a phase. Version 2 has no global phase, and its texts leave it out.
 */
export function portable(version: 2 | 3, step: GateInstruction): readonly GateInstruction[] {
  if (version === 2) {
    if (step.gate === 'gphase') return [];
    return step.gate === 'U' ? [{ ...step, gate: 'u3' }] : [step];
  }
  if (!HALF_PHASE.includes(step.gate)) return [step];
  const [theta, phi, lambda] =
    step.gate === 'u2' ? [literal(Math.PI / 2), ...step.params] : step.params;
  const general: GateInstruction = { ...step, gate: 'U', params: [theta!, phi!, lambda!] };
  const gamma = minusHalf(theta!);
  if (gamma.kind === 'literal' && Number(gamma.value) === 0) return [general];
  return [{ ...step, gate: 'gphase', params: [gamma], qubits: [] }, general];
}

/** What a gate of the table is defined as where the standard file lacks it. */
export function definitionOf(version: 2 | 3, gate: Gate): readonly GateInstruction[] {
  const steps = gate.decomposition;
  if (steps === undefined)
    throw new CircuitError(
      'UNSUPPORTED',
      `OpenQASM ${version} cannot say what gate ${gate.name} does`,
    );
  return steps.flatMap((step) => portable(version, step));
}
