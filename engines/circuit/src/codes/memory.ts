import type { Circuit, GateInstruction, Instruction } from '../circuit.ts';
import { CircuitError } from '../error.ts';

/** Where noise goes in a memory experiment, each strength a probability; the names are those of `stim gen`. */
export interface MemoryNoise {
  /** Depolarizing after each gate, on the qubits it acts on. */
  readonly afterCliffordDepolarization?: number;
  /** Depolarizing on each data qubit before each round. */
  readonly beforeRoundDataDepolarization?: number;
  /** A flip before each measurement, in its basis. */
  readonly beforeMeasureFlip?: number;
  /** A flip after each reset. */
  readonly afterResetFlip?: number;
}

export interface MemoryOptions {
  /** How many data qubits a logical operator has at least: from 2 on. */
  readonly distance: number;
  /** How often the checks are measured: from 1 on. */
  readonly rounds: number;
  /** A single number stands for all four strengths. */
  readonly noise?: number | MemoryNoise;
}

/** A larger distance makes a circuit that nothing here would run. */
export const DISTANCE_MAX = 201;

/** @throws CircuitError SEMANTICS or LIMIT for numbers out of range */
export function checkMemory({ distance, rounds, noise }: MemoryOptions): Required<MemoryNoise> {
  if (!Number.isSafeInteger(distance) || distance < 2)
    throw new CircuitError('SEMANTICS', `A distance is a whole number from 2 on, not ${distance}.`);
  if (distance > DISTANCE_MAX)
    throw new CircuitError('LIMIT', `A distance is at most ${DISTANCE_MAX}, not ${distance}.`);
  if (!Number.isSafeInteger(rounds) || rounds < 1)
    throw new CircuitError('SEMANTICS', `There are rounds from 1 on, not ${rounds}.`);
  const given = typeof noise === 'number' ? allFour(noise) : { ...allFour(0), ...noise };
  for (const [name, value] of Object.entries(given))
    if (!(value >= 0 && value <= 1))
      throw new CircuitError('SEMANTICS', `${name} is a probability from 0 to 1, not ${value}.`);
  return given;
}

const allFour = (p: number): Required<MemoryNoise> => ({
  afterCliffordDepolarization: p,
  beforeRoundDataDepolarization: p,
  beforeMeasureFlip: p,
  afterResetFlip: p,
});

/** Writes the instructions of a memory experiment, with its noise, as `stim gen` orders them. */
export class MemoryWriter {
  readonly body: Instruction[] = [];
  readonly #noise: Required<MemoryNoise>;

  constructor(noise: Required<MemoryNoise>) {
    this.#noise = noise;
  }

  /** The same writer with a body of its own, for what is repeated. */
  inside(): MemoryWriter {
    return new MemoryWriter(this.#noise);
  }

  tick(): void {
    this.body.push({ kind: 'barrier', qubits: [] });
  }

  /** What a round begins with. */
  beginRound(data: readonly number[]): void {
    this.tick();
    this.#channel('depolarizing1', this.#noise.beforeRoundDataDepolarization, data);
  }

  h(qubits: readonly number[]): void {
    for (const qubit of qubits) this.body.push(gate('h', qubit));
    this.#channel('depolarizing1', this.#noise.afterCliffordDepolarization, qubits);
  }

  cx(pairs: readonly (readonly [number, number])[]): void {
    for (const pair of pairs) this.body.push(gate('cx', ...pair));
    const p = this.#noise.afterCliffordDepolarization;
    if (p > 0)
      for (const qubits of pairs)
        this.body.push({ kind: 'noise', channel: 'depolarizing2', params: [p], qubits });
  }

  reset(qubits: readonly number[], basis: 'X' | 'Z' = 'Z'): void {
    for (const qubit of qubits) {
      this.body.push({ kind: 'reset', qubit });
      if (basis === 'X') this.body.push(gate('h', qubit));
    }
    this.#channel(basis === 'X' ? 'z_error' : 'x_error', this.#noise.afterResetFlip, qubits);
  }

  measure(qubits: readonly number[], basis: 'X' | 'Z' = 'Z'): void {
    this.#channel(basis === 'X' ? 'z_error' : 'x_error', this.#noise.beforeMeasureFlip, qubits);
    for (const qubit of qubits) {
      if (basis === 'X') this.body.push(gate('h', qubit));
      this.body.push({ kind: 'measure', qubit });
      if (basis === 'X') this.body.push(gate('h', qubit));
    }
  }

  /** Measures and resets each in turn, as MR does. */
  measureReset(qubits: readonly number[]): void {
    this.#channel('x_error', this.#noise.beforeMeasureFlip, qubits);
    for (const qubit of qubits)
      this.body.push({ kind: 'measure', qubit }, { kind: 'reset', qubit });
    this.#channel('x_error', this.#noise.afterResetFlip, qubits);
  }

  detector(coordinates: readonly number[], records: readonly number[]): void {
    this.body.push({ kind: 'detector', coordinates, records });
  }

  #channel(channel: string, p: number, qubits: readonly number[]): void {
    if (p > 0)
      for (const qubit of qubits)
        this.body.push({ kind: 'noise', channel, params: [p], qubits: [qubit] });
  }
}

const gate = (name: string, ...qubits: readonly number[]): GateInstruction => ({
  kind: 'gate',
  gate: name,
  params: [],
  qubits,
});

/** A circuit of these instructions whose results are its measurement record. */
export const memoryCircuit = (
  name: string,
  qubits: number,
  body: readonly Instruction[],
): Circuit => ({
  name,
  qubits,
  qubitRegisters: [{ name: 'q', start: 0, size: qubits }],
  bits: 0,
  bitRegisters: [],
  variables: [],
  parameters: [],
  customGates: [],
  body,
});
