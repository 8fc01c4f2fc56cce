import { QError } from '@anarq/common-schemas';
import { Applying } from './applying.ts';
import { FAULT_MODELS } from './faultModels.ts';
import { Intake } from './intake.ts';
import {
  DEFAULT_LIMITS,
  type Applier,
  type Batch,
  type OrderedAnswer,
  type OrderingEngine,
  type OrderingLimits,
  type OrderingState,
  type OrderingStatus,
} from './types.ts';

export interface LocalOptions {
  readonly applier: Applier;
  /** Nanoseconds since 1970. */
  readonly now_ns?: () => bigint;
  readonly limits?: Partial<OrderingLimits>;
}

/** One writer, one log: batches are in the order in which they come. */
export function openLocalOrdering(options: LocalOptions): OrderingEngine {
  return new LocalOrdering(options);
}

class LocalOrdering implements OrderingEngine {
  readonly faultModel = FAULT_MODELS.local;
  readonly #applier: Applier;
  readonly #intake: Intake;
  readonly #applying: Applying;
  readonly #now_ns: () => bigint;
  #state: OrderingState = 'ready';
  #why: string | undefined;
  #sequence: bigint;

  constructor({ applier, now_ns, limits }: LocalOptions) {
    this.#applier = applier;
    this.#now_ns = now_ns ?? (() => BigInt(Date.now()) * 1_000_000n);
    this.#sequence = applier.applied();
    this.#intake = new Intake('local', { ...DEFAULT_LIMITS, ...limits });
    this.#applying = new Applying(
      applier,
      ({ key, sequence }, answer) => this.#intake.answer(key, sequence, answer),
      (error) => this.#fail(error),
    );
  }

  async submit(batch: Batch): Promise<OrderedAnswer> {
    const { held, isNew } = this.#intake.take(batch);
    if (isNew)
      this.#applying.push({
        sequence: ++this.#sequence,
        time_ns: this.#now_ns(),
        key: batch.key,
        bytes: batch.bytes,
      });
    return held.promise;
  }

  status(): OrderingStatus {
    return {
      faultModel: this.faultModel,
      state: this.#state,
      ...(this.#why === undefined ? {} : { why: this.#why }),
      applied: this.#applier.applied(),
      ordered: this.#sequence,
      waiting: this.#intake.size,
      waiting_bytes: this.#intake.bytes,
      counts: {
        submitted: this.#intake.submitted,
        applied: this.#applying.count,
        resubmitted: 0,
        foreign: 0,
        reconnected: 0,
      },
    };
  }

  async close(): Promise<void> {
    if (this.#state === 'ready') this.#state = 'closed';
    await this.#applying.stop();
    this.#intake.close(new QError('SERVICE_UNAVAILABLE', 'The order is closed.'));
  }

  #fail(error: Error): void {
    this.#state = 'failed';
    this.#why = `a batch could not be applied: ${error.message}`;
    this.#intake.close(new QError('SERVICE_UNAVAILABLE', `The order stopped: ${this.#why}`));
  }
}
