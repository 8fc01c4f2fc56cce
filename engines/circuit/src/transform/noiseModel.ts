import { channelOf } from '../channels.ts';
import { CircuitError } from '../error.ts';

/** A channel of the table with its params. */
export interface ChannelUse {
  readonly channel: string;
  readonly params: readonly number[];
}

/**
 * Which noise goes where. A channel of one qubit comes upon each qubit of the gate; one of two qubits
 * upon the pair of a gate with two. Controls count as qubits of their gate.
 */
export interface NoiseModel {
  /** After gates on one qubit, two, and three or more. */
  readonly afterGate1?: readonly ChannelUse[];
  readonly afterGate2?: readonly ChannelUse[];
  readonly afterGateMany?: readonly ChannelUse[];
  /** After gates of these names, in place of the above. */
  readonly afterGate?: Readonly<Record<string, readonly ChannelUse[]>>;
  /** On each qubit for each layer in which nothing happens to it. */
  readonly idle?: readonly ChannelUse[];
  /** The probability that a measurement tells the wrong result. */
  readonly measurementFlip?: number;
  /** The probability that a reset leaves |1>. */
  readonly resetFlip?: number;
}

/** The model that a single number stands for: depolarizing of strength p after each gate, flips with p at measurements and resets. */
export const uniformNoise = (p: number): NoiseModel => {
  const one = [{ channel: 'depolarizing1', params: [p] }];
  return checkedNoise({
    afterGate1: one,
    afterGate2: [{ channel: 'depolarizing2', params: [p] }],
    afterGateMany: one,
    measurementFlip: p,
    resetFlip: p,
  });
};

const CLASSES = ['afterGate1', 'afterGate2', 'afterGateMany', 'idle'] as const;
const FLIPS = ['measurementFlip', 'resetFlip'] as const;
const MEMBERS: ReadonlySet<string> = new Set([...CLASSES, ...FLIPS, 'afterGate']);
/** The most channels after one gate, and the most gates that are named. */
const CHANNELS_MAX = 16;
const NAMES_MAX = 1_000;

/**
 * A noise model from JSON: a number from 0 to 1 (see uniformNoise), or an object as NoiseModel is.
 * @throws CircuitError SEMANTICS with what is wrong and where
 */
export function noiseModelOf(json: unknown): NoiseModel {
  if (typeof json === 'number') return uniformNoise(json);
  const model = objectOf(json, 'A noise model');
  const unknown = Object.keys(model).find((name) => !MEMBERS.has(name));
  if (unknown !== undefined)
    refuse(
      `A noise model has no ${JSON.stringify(unknown.slice(0, 40))}; it has ${[...MEMBERS].join(', ')}.`,
    );
  const result: { -readonly [K in keyof NoiseModel]: NoiseModel[K] } = {};
  for (const name of CLASSES)
    if (model[name] !== undefined) result[name] = usesOf(model[name], name);
  for (const name of FLIPS)
    if (model[name] !== undefined) result[name] = numberOf(model[name], name);
  if (model['afterGate'] !== undefined) {
    const entries = Object.entries(objectOf(model['afterGate'], 'afterGate'));
    if (entries.length > NAMES_MAX) refuse(`afterGate names at most ${NAMES_MAX} gates.`);
    result.afterGate = Object.fromEntries(
      entries.map(([name, uses]) => [name, usesOf(uses, `afterGate.${name.slice(0, 40)}`)]),
    );
  }
  return checkedNoise(result);
}

/**
 * A noise model, once its channels and probabilities are in range.
 * @throws CircuitError SEMANTICS
 */
export function checkedNoise(model: NoiseModel): NoiseModel {
  for (const flip of FLIPS) {
    const value = model[flip];
    if (value !== undefined && !(value >= 0 && value <= 1))
      refuse(`${flip} is a probability from 0 to 1, not ${value}.`);
  }
  const lists: (readonly [string, readonly ChannelUse[] | undefined])[] = [
    ...CLASSES.map((name) => [name, model[name]] as const),
    ...Object.entries(model.afterGate ?? {}),
  ];
  for (const [name, uses = []] of lists) {
    if (uses.length > CHANNELS_MAX) refuse(`${name} has at most ${CHANNELS_MAX} channels.`);
    for (const { channel, params } of uses) {
      const { qubits } = channelOf(channel, params);
      if (qubits > 1 && (CLASSES as readonly string[]).includes(name) && name !== 'afterGate2')
        refuse(`${channel} acts on two qubits, which ${name} has not.`);
    }
  }
  return model;
}

function refuse(message: string): never {
  throw new CircuitError('SEMANTICS', message);
}

function objectOf(json: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    return refuse(`${what} is an object.`);
  // An object that is no array has its members by name.
  return json as Readonly<Record<string, unknown>>;
}

const numberOf = (json: unknown, what: string): number =>
  typeof json === 'number' ? json : refuse(`${what} is a number.`);

function usesOf(json: unknown, what: string): readonly ChannelUse[] {
  if (!Array.isArray(json)) return refuse(`${what} is a list of channels.`);
  return json.map((item: unknown) => {
    const { channel, params } = objectOf(item, `A channel of ${what}`);
    if (typeof channel !== 'string') return refuse(`A channel of ${what} has a name: "channel".`);
    if (!Array.isArray(params)) return refuse(`A channel of ${what} has "params", a list.`);
    return {
      channel,
      params: params.map((param: unknown) => numberOf(param, `A param of ${what}`)),
    };
  });
}
