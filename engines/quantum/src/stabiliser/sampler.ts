import { CircuitError, type Expression } from '@anarq/circuit';
import { Random } from '../random.ts';
import { parityOf } from './flow.ts';
import { Frames, type FrameNeeds } from './frames.ts';
import type { Program } from './program.ts';
import { Shot } from './shot.ts';
import { shotsFromRows, type Shots } from './shots.ts';

/** Words of a row: 1,024 shots a batch. */
const WORDS_MAX = 32;

/** Memory of a batch: where 1,024 shots take more, a batch has fewer of them, and at least 32. */
export const BATCH_BYTES_MAX = 2 ** 28;

export interface Detections {
  /** Whether each detector fired, that is came out otherwise than without noise. */
  readonly detectors: Shots;
  /** Whether each observable came out otherwise than without noise. */
  readonly observables: Shots;
}

/**
 * Samples a program batch by batch. What a batch has depends on seed and number of the batch only, so
 * batches can be sampled anywhere and in any order.
 */
export class Sampler {
  /** Shots of a batch; the same for results, bits and detections. */
  readonly shotsPerBatch: number;
  readonly #program: Program;
  readonly #words: number;
  readonly #lookBack: number;
  #reference: Shot | undefined;
  readonly #frames = new Map<'results' | 'bits' | 'detections', Frames>();

  /**
   * @throws CircuitError UNSUPPORTED where the flow of the program is free, LIMIT where 32 shots take
   *   more than BATCH_BYTES_MAX
   */
  constructor(program: Program) {
    if (program.flow === 'free')
      throw new CircuitError(
        'UNSUPPORTED',
        'What the circuit does depends on its results otherwise than by Pauli gates under a parity of bits, so it is not sampled in batches.',
      );
    const { measurements, detectors, observables } = program.total;
    const rows = 2 * program.qubits + measurements + program.bits + detectors + observables;
    if (4 * rows > BATCH_BYTES_MAX)
      throw new CircuitError(
        'LIMIT',
        `32 shots with ${measurements} results and ${detectors} detectors take ${4 * rows} bytes; the limit is ${BATCH_BYTES_MAX}.`,
      );
    let words = WORDS_MAX;
    while (words > 1 && 4 * rows * words > BATCH_BYTES_MAX) words >>= 1;
    this.#program = program;
    this.#words = words;
    this.shotsPerBatch = 32 * words;
    this.#lookBack = lookBackOf(program);
  }

  /** Results of the measurements of a batch, in the order of the record. */
  results(seed: bigint, batch: number, shots = this.shotsPerBatch): Shots {
    const { measurements } = this.#program.total;
    const frames = this.#run('results', seed, batch);
    const reference = this.#referenceShot().record;
    this.#addReference(frames.record, reference, measurements);
    return shotsFromRows(frames.record, measurements, this.#words, shots);
  }

  /** Classical bits at the end of the shots of a batch. */
  bits(seed: bigint, batch: number, shots = this.shotsPerBatch): Shots {
    const frames = this.#run('bits', seed, batch);
    this.#addReference(frames.bits, this.#referenceShot().bits, this.#program.bits);
    return shotsFromRows(frames.bits, this.#program.bits, this.#words, shots);
  }

  detections(seed: bigint, batch: number, shots = this.shotsPerBatch): Detections {
    const { detectors, observables } = this.#program.total;
    const frames = this.#run('detections', seed, batch);
    return {
      detectors: shotsFromRows(frames.detectors, detectors, this.#words, shots),
      observables: shotsFromRows(frames.observables, observables, this.#words, shots),
    };
  }

  #run(what: 'results' | 'bits' | 'detections', seed: bigint, batch: number): Frames {
    let frames = this.#frames.get(what);
    if (frames === undefined) {
      const needs: FrameNeeds = {
        words: this.#words,
        records: what === 'results' ? this.#program.total.measurements : this.#lookBack,
        bits: what === 'bits' || this.#program.flow === 'pauli',
        detections: what === 'detections',
      };
      frames = new Frames(this.#program, needs);
      this.#frames.set(what, frames);
    }
    frames.run(new Random(seed, batch));
    return frames;
  }

  /** The run that frames differ from: without noise, and 0 wherever both results are as likely. */
  #referenceShot(): Shot {
    if (this.#reference === undefined) {
      this.#reference = new Shot(this.#program);
      this.#reference.run({ result: () => 0 });
    }
    return this.#reference;
  }

  #addReference(rows: Int32Array, reference: Uint8Array, count: number): void {
    for (let row = 0; row < count; row += 1)
      if (reference[row] === 1)
        for (let at = row * this.#words; at < (row + 1) * this.#words; at += 1)
          rows[at] = ~rows[at]!;
  }
}

/** How far detectors, observables and conditions look back in the record, at least 1. */
function lookBackOf({ detectors, observables, conditions }: Program): number {
  const parities = conditions.map((condition: Expression) => parityOf(condition)?.records ?? []);
  return [...detectors.map((d) => d.records), ...observables.map((o) => o.records), ...parities]
    .flat()
    .reduce((most, record) => Math.max(most, -record), 1);
}
