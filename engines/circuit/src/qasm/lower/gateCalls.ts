import { evaluateAngle } from '../../evaluate.ts';
import type { Expression } from '../../expression.ts';
import { QASM2_GATES, QASM3_GATES } from '../../gates.ts';
import type { Expr, GateCall, GateModifier, Span, Statement } from '../syntax.ts';
import { constantOf, toFloat, wholeNumber } from './casts.ts';
import type { Context } from './context.ts';
import type { GateMeaning, Step } from './gateMeaning.ts';
import { binary, placed, unary, withType } from './operators.ts';
import { broadcast, qubitsOf, single } from './operands.ts';
import { poweredSteps } from './power.ts';
import { Scope } from './scope.ts';
import { inverted, moved, withControls } from './steps.ts';
import { checkDuration } from './timing.ts';
import { constant, FLOAT, literal, type Typed, typeText } from './types.ts';
import { wiresOf } from './wires.ts';

type Call = Statement & GateCall;

/** Most controls of one call. */
const CONTROLS_MAX = 1_000;

/** A call of a gate, with modifiers, for each of the qubits of registers. */
export function gateCall(context: Context, call: Call): void {
  if (call.duration !== undefined) checkDuration(context, call.duration);
  const meaning = context.gates.get(call.callee.name) ?? unknownGate(context, call);
  if (meaning.kind === 'opaque')
    context.unsupported(`What the opaque gate '${call.callee.name}' does is not told`, call);
  const args = call.args ?? [];
  if (args.length !== meaning.params)
    context.wrong(
      `Gate '${call.callee.name}' takes ${counted(meaning.params, 'parameter')}, not ${args.length}`,
      call.callee,
    );
  const params = args.map((arg) => angleOf(context, context.lower(arg), arg));
  const { steps, qubits } = callSteps(context, call, meaning, params);
  if (call.operands.length !== qubits)
    context.wrong(
      `Gate '${call.callee.name}' takes ${counted(qubits, 'qubit')} here, not ${call.operands.length}`,
      call.callee,
    );
  emitSteps(context, call, steps);
}

const isStandard = (name: string): boolean => QASM2_GATES.has(name) || QASM3_GATES.has(name);

const counted = (count: number, what: string): string =>
  `${count === 0 ? 'no' : count} ${what}${count === 1 ? '' : 's'}`;

function unknownGate(context: Context, call: Call): never {
  const { name } = call.callee;
  const file = context.version === 2 ? 'qelib1.inc' : 'stdgates.inc';
  const symbol = context.scope.find(name);
  if (symbol !== undefined) return context.wrong(`'${name}' is no gate`, call.callee);
  return context.wrong(
    `Gate '${name}' is not declared${isStandard(name) ? `: include "${file}"` : ''}`,
    call.callee,
  );
}

/** An angle of a gate: a finite number of radians, or what computes it. */
function angleOf(context: Context, of: Typed, at: Expr): Expression {
  const { type } = of;
  if (
    type.kind === 'bits' ||
    type.kind === 'bit' ||
    type.kind === 'bool' ||
    type.kind === 'duration'
  )
    context.wrong(`An angle is a number, not ${typeText(type)}`, at);
  if (of.value.kind !== 'literal') return of.value;
  return literal(placed(context, at, () => evaluateAngle(withType(of))));
}

/** What the call does to its operands. */
function callSteps(
  context: Context,
  call: Call,
  meaning: GateMeaning,
  params: readonly Expression[],
): { steps: readonly Step[]; qubits: number } {
  let steps = baseSteps(context, call, meaning, params);
  let { qubits } = meaning;
  for (const modifier of call.modifiers.toReversed()) {
    if (modifier.kind === 'inv') steps = inverted(context, steps);
    else if (modifier.kind === 'pow') steps = powered(context, steps, qubits, modifier);
    else {
      const count = controlCount(context, modifier);
      steps = withControls(steps, count, modifier.kind === 'ctrl' ? 1 : 0);
      qubits += count;
      if (qubits > CONTROLS_MAX)
        context.refuse('LIMIT', `A gate has at most ${CONTROLS_MAX} controls`, modifier);
    }
  }
  return { steps, qubits };
}

const UP_TO = (size: number): readonly number[] => Array.from({ length: size }, (_, at) => at);

function baseSteps(
  context: Context,
  call: Call,
  meaning: GateMeaning,
  params: readonly Expression[],
): readonly Step[] {
  if (meaning.kind === 'inline') return inlineSteps(context, meaning, params, call);
  if (meaning.kind === 'opaque') return [];
  const step: Step = { kind: 'gate', gate: meaning.gate, params, qubits: UP_TO(meaning.qubits) };
  const isPhaseSeen = call.modifiers.length > 0 || context.gateBody;
  if (meaning.hasHalfPhase !== true || !isPhaseSeen) return [step];
  const asTyped = (value: Expression): Typed =>
    value.kind === 'literal'
      ? constant(FLOAT, value.value)
      : { type: FLOAT, value, known: undefined };
  const [phi, lambda] = params.slice(-2).map(asTyped) as [Typed, Typed];
  const sum = binary(context, '+', phi, lambda, call);
  const phase = unary(context, '-', binary(context, '/', sum, constant(FLOAT, 2), call), call);
  return [{ kind: 'gate', gate: 'gphase', params: [phase.value], qubits: [] }, step];
}

/** The body of a definition with these parameters. */
function inlineSteps(
  context: Context,
  meaning: GateMeaning & { kind: 'inline' },
  params: readonly Expression[],
  at: Span,
): readonly Step[] {
  const { definition, source } = meaning;
  const scope = new Scope(context.globals, true);
  for (const [index, name] of (definition.params ?? []).entries()) {
    const value = params[index]!;
    if (value.kind !== 'literal') {
      context.needValues(
        `Gate '${definition.name.name}' holds a power that is no whole number, so its parameters must be known before the circuit runs`,
        at,
      );
      return [];
    }
    scope.set(name.name, { kind: 'value', typed: constant(FLOAT, value.value) });
  }
  for (const [index, name] of definition.qubits.entries())
    scope.set(name.name, { kind: 'qubits', wires: wiresOf([index]), isRegister: false });
  return context.gateSteps(scope, source, definition.scope.body);
}

function controlCount(context: Context, modifier: GateModifier): number {
  if (modifier.argument === undefined) return 1;
  const count = wholeNumber(
    context,
    constantOf(context, modifier.argument, 'A number of controls'),
    'A number of controls',
    modifier.argument,
  );
  if (count < 1n)
    return context.wrong(`A number of controls is at least 1, not ${count}`, modifier.argument);
  if (count > CONTROLS_MAX)
    return context.refuse(
      'LIMIT',
      `A gate has at most ${CONTROLS_MAX} controls, not ${count}`,
      modifier.argument,
    );
  return Number(count);
}

function powered(
  context: Context,
  steps: readonly Step[],
  qubits: number,
  modifier: GateModifier,
): readonly Step[] {
  const argument = modifier.argument!;
  const of = context.lower(argument);
  if (of.known === undefined) {
    context.needValues('A power of a gate must be known before the circuit runs', argument);
    return [];
  }
  if (of.type.kind !== 'int' && of.type.kind !== 'uint' && of.type.kind !== 'float')
    context.wrong(`A power of a gate is a number, not ${typeText(of.type)}`, argument);
  const power = toFloat(context, of, FLOAT, argument).known as number;
  if (typeof power !== 'number' || !Number.isFinite(power))
    return context.wrong('A power of a gate is a finite number', argument);
  if (!Number.isInteger(power)) return poweredSteps(context, steps, qubits, power, argument);
  const times = Math.abs(power);
  const once = power < 0 ? inverted(context, steps) : steps;
  context.make(times * Math.max(1, once.length), argument);
  return Array.from({ length: times }, () => once).flat();
}

/** Emits the steps for each of the qubits of registers. */
function emitSteps(context: Context, call: Call, steps: readonly Step[]): void {
  const wirings = call.operands.map((operand) => qubitsOf(context, operand));
  const size = broadcast(context, wirings, call.operands) ?? 1;
  const weight = steps.reduce((sum, step) => sum + context.weightOf(step), 0);
  context.count(weight * size, call);
  context.make(steps.length * size, call);
  for (let at = 0; at < size; at += 1) {
    const qubits = wirings.map((wiring) => single(wiring, at));
    checkDistinct(context, call, qubits);
    for (const step of steps) context.body.push(placedOn(step, qubits));
  }
}

/** The step on the qubits of the circuit. A plain one keeps its params and takes the qubits as they are. */
function placedOn(step: Step, qubits: readonly number[]): Step {
  if (
    step.controls === undefined &&
    step.qubits.length === qubits.length &&
    step.qubits.every((qubit, at) => qubit === at)
  )
    return { ...step, qubits };
  return moved(step, (qubit) => qubits[qubit]!);
}

function checkDistinct(context: Context, call: Call, qubits: readonly number[]): void {
  if (qubits.length < 2) return;
  if (qubits.length === 2 ? qubits[0] !== qubits[1] : new Set(qubits).size === qubits.length)
    return;
  const second = qubits.findIndex((qubit, at) => qubits.indexOf(qubit) < at);
  context.wrong(
    `Gate '${call.callee.name}' takes different qubits, but one is named twice`,
    call.operands[second]!,
  );
}
