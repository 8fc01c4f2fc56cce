import type { Expression } from '../../expression.ts';
import { GATES } from '../../gates.ts';
import { controlled, embedded, identityMatrix, type Matrix, multiply } from '../../matrix.ts';
import type { Span } from '../syntax.ts';
import type { Context } from './context.ts';
import type { Step } from './gateMeaning.ts';
import { substitute } from './steps.ts';
import { literal } from './types.ts';
import { unitaryPower } from './unitaryPower.ts';

/** The widest gate of which a power that is no whole number is taken, and the most steps of it. */
const QUBITS_MAX = 5;
const STEPS_MAX = 20_000;

/** Gates that are exp(i angle G) for a G with eigenvalues 0 and 1: a power multiplies the angle. */
const PHASES: readonly string[] = ['gphase', 'p', 'u1', 'cp', 'cu1'];
/** Gates that are exp(-i angle/2 P) for a P with eigenvalues 1 and -1, and some 0. */
const ROTATIONS: readonly string[] = [
  'rx',
  'ry',
  'rz',
  'rxx',
  'ryy',
  'rzz',
  'rzx',
  'crx',
  'cry',
  'crz',
];
/** Gates without parameters that are phases, with their angles. */
const FIXED_PHASES: ReadonlyMap<string, number> = new Map([
  ['z', Math.PI],
  ['s', Math.PI / 2],
  ['sdg', -Math.PI / 2],
  ['t', Math.PI / 4],
  ['tdg', -Math.PI / 4],
]);

/**
 * A power that is no whole number: the principal one, whose eigenvalues exp(i a) with a from -pi
 * (without) to pi (with) become exp(i a power).
 */
export function poweredSteps(
  context: Context,
  steps: readonly Step[],
  qubits: number,
  power: number,
  at: Span,
): readonly Step[] {
  const [only, second] = steps;
  if (only === undefined) return [];
  const named = second === undefined ? namedPower(only, power) : undefined;
  if (named !== undefined) return [named];
  if (
    steps.some(
      (step) => step.kind === 'gate' && step.params.some((param) => param.kind !== 'literal'),
    )
  ) {
    context.needValues(
      'The angles of a gate must be known before the circuit runs where its power is no whole number',
      at,
    );
    return [];
  }
  if (qubits > QUBITS_MAX)
    context.unsupported(
      `A power that is no whole number is taken of gates of at most ${QUBITS_MAX} qubits, not ${qubits}`,
      at,
    );
  const weight = steps.reduce((sum, step) => sum + context.weightOf(step), 0);
  if (weight > STEPS_MAX)
    context.refuse(
      'LIMIT',
      `A power that is no whole number is taken of at most ${STEPS_MAX} gates`,
      at,
    );
  const matrix = unitaryPower(matrixOfSteps(context, steps, qubits), power);
  return [{ kind: 'unitary', matrix, qubits: Array.from({ length: qubits }, (_, one) => one) }];
}

/** The power as a gate of the table, where it is one. */
function namedPower(step: Step, power: number): Step | undefined {
  if (step.kind !== 'gate') return undefined;
  const [param] = step.params;
  const angle = param?.kind === 'literal' ? Number(param.value) : undefined;
  const fixed = FIXED_PHASES.get(step.gate);
  if (fixed !== undefined) return { ...step, gate: 'p', params: [literal(fixed * power)] };
  if (angle === undefined) return undefined;
  if (PHASES.includes(step.gate)) {
    const turns = Math.ceil((angle - Math.PI) / (2 * Math.PI));
    return { ...step, params: [literal((angle - turns * 2 * Math.PI) * power)] };
  }
  const isRotation = ROTATIONS.includes(step.gate) && Math.abs(angle) < 2 * Math.PI;
  return isRotation ? { ...step, params: [literal(angle * power)] } : undefined;
}

/** The product of steps, the first of them acting first. */
function matrixOfSteps(context: Context, steps: readonly Step[], qubits: number): Matrix {
  let product = identityMatrix(qubits);
  for (const step of steps) {
    let own = step.kind === 'unitary' ? step.matrix : gateMatrix(context, step);
    const controls = step.controls ?? [];
    for (const control of controls.toReversed()) own = controlled(own, control.value);
    const operands = [...controls.map((control) => control.qubit), ...step.qubits];
    product = multiply(embedded(own, operands, qubits), product);
  }
  return product;
}

function gateMatrix(context: Context, step: Step & { kind: 'gate' }): Matrix {
  const gate = GATES.get(step.gate);
  if (gate !== undefined) return gate.matrix(...step.params.map(numberOf));
  const custom = context.custom.get(step.gate)!;
  const params = new Map(custom.parameters.map((name, at) => [name, step.params[at]!]));
  const body = custom.body.map((one) => ({
    ...one,
    params: one.params.map((param) => substitute(param, params)),
  }));
  return matrixOfSteps(context, body, custom.qubits);
}

const numberOf = (expression: Expression): number =>
  expression.kind === 'literal' ? Number(expression.value) : Number.NaN;
