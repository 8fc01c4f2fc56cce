import {
  INSTRUCTIONS_MAX,
  type Circuit,
  type Instruction,
  type NoiseInstruction,
} from '../circuit.ts';
import { channelOf } from '../channels.ts';
import { CircuitError } from '../error.ts';
import { checkedNoise, type ChannelUse, type NoiseModel } from './noiseModel.ts';
import { bodiesOf, checkNesting, qubitsNamed } from './walk.ts';

/**
 * A circuit with the noise of a model in it. Noise that is in it already stays. Gates are told apart
 * as they stand there, so expand custom gates first where their parts are what makes noise.
 * @throws CircuitError SEMANTICS for a model out of range, LIMIT where there would be more than
 * INSTRUCTIONS_MAX instructions
 */
export function withNoise(circuit: Circuit, model: NoiseModel): Circuit {
  checkedNoise(model);
  const state = { circuit, model, instructions: 0 };
  return { ...circuit, body: noisyBody(circuit.body, state, 0) };
}

interface State {
  readonly circuit: Circuit;
  readonly model: NoiseModel;
  instructions: number;
}

function noisyBody(
  body: readonly Instruction[],
  state: State,
  depth: number,
): readonly Instruction[] {
  checkNesting(depth);
  const made: Instruction[] = [];
  const push = (instruction: Instruction): void => {
    state.instructions += 1;
    if (state.instructions > INSTRUCTIONS_MAX)
      throw new CircuitError(
        'LIMIT',
        `With its noise the circuit has more than ${INSTRUCTIONS_MAX} instructions.`,
      );
    made.push(instruction);
  };
  const idle = state.model.idle === undefined ? undefined : idling(state, push);
  for (const instruction of body) {
    // A block keeps all qubits busy; what idles in it is in its own bodies.
    const across = bodiesOf(instruction).length > 0 || isBarrierAcross(instruction);
    idle?.(across ? undefined : instruction);
    noisy(instruction, state, depth, push);
  }
  idle?.(undefined);
  return made;
}

function noisy(
  instruction: Instruction,
  state: State,
  depth: number,
  push: (instruction: Instruction) => void,
): void {
  const { model } = state;
  switch (instruction.kind) {
    case 'gate':
    case 'unitary': {
      push(instruction);
      const qubits = qubitsNamed(instruction);
      const name = instruction.kind === 'gate' ? instruction.gate : 'unitary';
      for (const use of usesAfter(name, qubits.length, model)) pushUse(use, qubits, push);
      return;
    }
    case 'measure': {
      const flip = combined(instruction.flip ?? 0, model.measurementFlip ?? 0);
      return push(flip === 0 ? instruction : { ...instruction, flip });
    }
    case 'reset':
      push(instruction);
      if (model.resetFlip !== undefined && model.resetFlip > 0)
        pushUse({ channel: 'x_error', params: [model.resetFlip] }, [instruction.qubit], push);
      return;
    case 'if':
      return push({
        ...instruction,
        then: noisyBody(instruction.then, state, depth + 1),
        else: noisyBody(instruction.else, state, depth + 1),
      });
    case 'while':
    case 'repeat':
      return push({ ...instruction, body: noisyBody(instruction.body, state, depth + 1) });
    default:
      return push(instruction);
  }
}

const isBarrierAcross = (instruction: Instruction): boolean =>
  instruction.kind === 'barrier' && instruction.qubits.length === 0;

/** One of two independent flips, not both. */
const combined = (a: number, b: number): number => (b === 0 ? a : a + b - 2 * a * b);

function usesAfter(name: string, qubits: number, model: NoiseModel): readonly ChannelUse[] {
  const byName = model.afterGate;
  if (byName !== undefined && Object.hasOwn(byName, name)) return byName[name]!;
  if (qubits === 0) return [];
  return (
    (qubits === 1 ? model.afterGate1 : qubits === 2 ? model.afterGate2 : model.afterGateMany) ?? []
  );
}

function pushUse(
  { channel, params }: ChannelUse,
  qubits: readonly number[],
  push: (instruction: NoiseInstruction) => void,
): void {
  const size = channelOf(channel, params).qubits;
  if (size === 1)
    for (const qubit of qubits) push({ kind: 'noise', channel, params, qubits: [qubit] });
  else if (size === qubits.length) push({ kind: 'noise', channel, params, qubits });
  else
    throw new CircuitError(
      'SEMANTICS',
      `${channel} acts on ${size} qubits; the gate it comes after acts on ${qubits.length}.`,
    );
}

const LASTING: ReadonlySet<string> = new Set(['gate', 'unitary', 'measure', 'reset']);

/**
 * Follows the layer that each qubit has come to, each instruction as early as its qubits allow, and
 * puts noise for the layers a qubit waited through before what ends its waiting. `undefined` waits
 * for all qubits. So nothing changes its place, nor results their order.
 */
function idling(
  { circuit, model }: State,
  push: (instruction: Instruction) => void,
): (instruction: Instruction | undefined) => void {
  const layers = new Uint32Array(circuit.qubits);
  let last = 0;
  const waitUntil = (layer: number, qubit: number): void => {
    for (let at = layers[qubit]!; at < layer; at += 1)
      for (const use of model.idle ?? []) pushUse(use, [qubit], push);
    layers[qubit] = layer;
  };
  return (instruction) => {
    if (instruction === undefined) {
      for (let qubit = 0; qubit < circuit.qubits; qubit += 1) waitUntil(last, qubit);
      return;
    }
    const lasting = LASTING.has(instruction.kind);
    if (!lasting && instruction.kind !== 'barrier') return;
    const qubits = qubitsNamed(instruction);
    let start = 0;
    for (const qubit of qubits) start = Math.max(start, layers[qubit]!);
    for (const qubit of qubits) {
      waitUntil(start, qubit);
      if (lasting) layers[qubit] = start + 1;
    }
    if (lasting && qubits.length > 0) last = Math.max(last, start + 1);
  };
}
