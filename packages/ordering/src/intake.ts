import { fail, QError } from '@anarq/common-schemas';
import { FAULT_MODELS, type FaultModelName } from './faultModels.ts';
import type { Batch, OrderedAnswer, OrderingLimits } from './types.ts';

const KEY = /^[!-~]{1,64}$/;

/** A batch that was handed in here, and who waits for it. */
export interface Entrusted extends Batch {
  readonly promise: Promise<OrderedAnswer>;
  /** Whether its answer has come, or will not. */
  isSettled: boolean;
}

interface Held extends Entrusted {
  readonly resolve: (answer: OrderedAnswer) => void;
  readonly reject: (error: Error) => void;
  timer: NodeJS.Timeout | undefined;
}

/** What waits at one node: by key, so that the same one handed in twice at once is one. */
export class Intake {
  readonly #limits: OrderingLimits;
  readonly #faultModel: FaultModelName;
  readonly #held = new Map<string, Held>();
  #bytes = 0;
  #submitted = 0;
  #refusal: Error | undefined;

  constructor(faultModel: FaultModelName, limits: OrderingLimits) {
    this.#faultModel = faultModel;
    this.#limits = limits;
  }

  get size(): number {
    return this.#held.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Batches that were taken since the start. */
  get submitted(): number {
    return this.#submitted;
  }

  /** Those without an answer, the oldest first. */
  waiting(): IterableIterator<Entrusted> {
    return this.#held.values();
  }

  get(key: string): Entrusted | undefined {
    return this.#held.get(key);
  }

  /**
   * Takes a batch.
   * @param bytesMax of this batch, where the way limits it further
   * @returns it, and whether it is new: otherwise it is under way already
   * @throws QError, see OrderingEngine.submit
   */
  take(batch: Batch, bytesMax = Infinity): { readonly held: Entrusted; readonly isNew: boolean } {
    if (this.#refusal !== undefined) throw this.#refusal;
    const { key, bytes } = batch;
    if (!KEY.test(key))
      fail('INPUT_INVALID', 'A key is 1 to 64 printable ASCII characters without blanks.');
    const max = Math.min(bytesMax, this.#limits.batch_bytes_max);
    if (bytes.byteLength > max)
      fail('INPUT_TOO_LARGE', `A batch has at most ${max} bytes here, not ${bytes.byteLength}.`);
    const known = this.#held.get(key);
    if (known !== undefined) {
      if (Buffer.compare(known.bytes, bytes) !== 0)
        fail('VERSION_CONFLICT', `Other bytes are under way under the key ${key}.`);
      return { held: known, isNew: false };
    }
    this.#checkRoom(bytes.byteLength);
    return { held: this.#hold(batch), isNew: true };
  }

  #checkRoom(bytes: number): void {
    const { waiting_max, waiting_bytes_max } = this.#limits;
    if (this.#held.size >= waiting_max)
      fail('LIMIT_EXCEEDED', `${waiting_max} batches wait for their order already.`);
    if (this.#bytes + bytes > waiting_bytes_max)
      fail('LIMIT_EXCEEDED', `${waiting_bytes_max} bytes wait for their order already.`);
  }

  #hold({ key, bytes }: Batch): Held {
    const { promise, resolve, reject } = Promise.withResolvers<OrderedAnswer>();
    // Whoever handed it in hears of it; a close in between is no crash.
    promise.catch(() => undefined);
    const held: Held = { key, bytes, promise, resolve, reject, isSettled: false, timer: undefined };
    held.timer = setTimeout(() => this.refuse(key, this.#late(key)), this.#limits.answer_ms_max);
    held.timer.unref();
    this.#held.set(key, held);
    this.#bytes += bytes.byteLength;
    this.#submitted++;
    return held;
  }

  #late(key: string): QError {
    return new QError(
      'TIMEOUT_ERROR',
      `No order came for ${key} in ${this.#limits.answer_ms_max} ms. It may still act: hand it in again under the same key.`,
      { faultModel: this.#faultModel },
    );
  }

  /** Answers whoever waits for a key here, where somebody does. */
  answer(key: string, sequence: bigint, answer: Uint8Array): void {
    const held = this.#letGo(key);
    held?.resolve({
      sequence,
      level: 'Confirmed',
      faultModel: FAULT_MODELS[this.#faultModel],
      answer,
    });
  }

  refuse(key: string, error: Error): void {
    this.#letGo(key)?.reject(error);
  }

  /** Takes nothing more, and tells all who wait. */
  close(why: Error): void {
    this.#refusal ??= why;
    for (const key of this.#held.keys()) this.refuse(key, this.#refusal);
  }

  #letGo(key: string): Held | undefined {
    const held = this.#held.get(key);
    if (held === undefined) return undefined;
    clearTimeout(held.timer);
    this.#held.delete(key);
    this.#bytes -= held.bytes.byteLength;
    held.isSettled = true;
    return held;
  }
}
