import { toldRegisters, type Circuit } from '@anarq/circuit';
import type { Observable, TellProgress } from '@anarq/quantum-engine';
import { REGISTERS_SHOWN_MAX, SHOTS_DEFAULT } from '../limits.ts';
import { choose, compute, measureSpeeds } from './choose.ts';
import { drawn, ENGINE_VERSION, hashOf, prepared, readText, writtenAs } from './engine.ts';
import { isMeasured, measureAll } from './measureAll.ts';
import { readObservable } from './observables.ts';
import { recordToBits } from './recordToBits.ts';
import { mostFrequent, resultHashOf } from './outcome.ts';
import type {
  Answers,
  Asked,
  Facts,
  Measured,
  Plan,
  Precision,
  Source,
  WorkOrder,
} from './orders.ts';

/**
 * Does what an order asks for, in this thread.
 * @param progress is told how far a run is, very often
 * @throws CircuitError and Refused for what the order is to blame for
 */
export async function perform(
  order: WorkOrder,
  progress?: TellProgress,
): Promise<Answers[keyof Answers]> {
  switch (order.kind) {
    case 'plan':
      return planOf(order);
    case 'run':
      return measure(order, progress);
    case 'speeds': {
      const { precision = PRECISION_DEFAULT, threads = 1, strict = false } = order.asked;
      return measureSpeeds({ precision, threads, strict });
    }
    case 'draw':
      return { drawing: drawn(readText(order.source).circuit, order.as) };
    case 'convert':
      return { text: writtenAs(readText(order.source).circuit, order.to), format: order.to };
  }
}

const PRECISION_DEFAULT = 'f64';

/** Everything about a run that is known before it is run. */
interface Ready {
  readonly facts: Facts;
  readonly circuit: Circuit;
  readonly shots: number;
  readonly observables: readonly Observable[];
  readonly precision: Precision;
}

function makeReady(source: Source, asked: Asked): Ready {
  const { circuit: written, format } = readText(source);
  const read = recordToBits(written);
  const observables = (asked.observables ?? []).map((text) => readObservable(text, read.qubits));
  const shots = asked.shots ?? (observables.length > 0 ? 0 : SHOTS_DEFAULT);
  const measuresAll = shots > 0 && !isMeasured(read.body);
  const circuit = prepared(measuresAll ? measureAll(read) : read, source);
  const facts: Facts = {
    circuitHash: hashOf(written),
    format,
    qubits: circuit.qubits,
    bits: circuit.bits,
    instructions: lengthOf(written.body),
    registers: toldRegisters(circuit.bitRegisters)
      .slice(0, REGISTERS_SHOWN_MAX)
      .map(({ name, size }) => ({ name: name.slice(0, 1_024), size })),
    measuresAll,
  };
  return { facts, circuit, shots, observables, precision: asked.precision ?? PRECISION_DEFAULT };
}

function planOf({
  source,
  asked,
  memory_bytes,
  speeds,
}: WorkOrder & { readonly kind: 'plan' }): Plan {
  const ready = makeReady(source, asked);
  const { facts, shots, precision } = ready;
  const { method, threads, strict = false } = asked;
  return {
    circuit: facts,
    shots,
    precision,
    ...choose({ ...ready, method, threads, strict, memory_bytes, speeds }),
  };
}

async function measure(
  order: WorkOrder & { readonly kind: 'run' },
  progress: TellProgress | undefined,
): Promise<Measured> {
  const { source, asked, seed, speeds } = order;
  const began_ms = performance.now();
  const ready = makeReady(source, asked);
  const { facts, shots, precision } = ready;
  const { strict = false } = asked;
  const { outcome, method, why, memory_bytes, executor } = await compute({
    ...ready,
    method: asked.method,
    threads: asked.threads,
    strict,
    seed: BigInt(seed),
    memory_bytes: order.memory_bytes,
    speeds,
    progress,
  });
  const duration_us = Math.max(1, Math.round((performance.now() - began_ms) * 1_000));
  return {
    circuit: facts,
    shots,
    outcomes: outcome.counts.size,
    counts: mostFrequent(outcome.counts),
    expectations: outcome.expectations.map(({ value, standardError }, at) => ({
      observable: asked.observables?.[at] ?? '',
      value,
      standardError,
    })),
    ...(outcome.discardedWeight === undefined ? {} : { discardedWeight: outcome.discardedWeight }),
    method,
    why,
    precision,
    memory_bytes,
    duration_us,
    engineVersion: ENGINE_VERSION,
    executor,
    strict,
    resultHash: resultHashOf(outcome.counts, outcome.expectations),
    seed,
    ...noiseOf(source),
  };
}

const noiseOf = ({ noise, noiseModel }: Source): Pick<Measured, 'noise'> => {
  const asked = noise ?? noiseModel;
  return asked === undefined ? {} : { noise: asked };
};

/** Instructions as they are written, those of bodies included. */
const lengthOf = (body: Circuit['body']): number =>
  body.reduce((sum, one) => {
    switch (one.kind) {
      case 'if':
        return sum + 1 + lengthOf(one.then) + lengthOf(one.else);
      case 'while':
      case 'repeat':
        return sum + 1 + lengthOf(one.body);
      default:
        return sum + 1;
    }
  }, 0);
