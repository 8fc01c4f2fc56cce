import { latencyBorders_ms, type AnyContract, type AnyOperation } from '@anarq/common-schemas';
import { headLines, sampleLine } from './exposition.ts';
import { Histogram } from './histogram.ts';
import { FAULTS, OUTCOMES, type Outcome } from './outcome.ts';

/** What was counted of one operation. */
export class OperationMeter {
  readonly op: AnyOperation;
  readonly #byOutcome: Readonly<Record<Outcome, Histogram>>;

  constructor(op: AnyOperation, borders_s: readonly number[]) {
    this.op = op;
    const fresh = () => new Histogram(borders_s);
    this.#byOutcome = {
      ok: fresh(),
      refused: fresh(),
      limited: fresh(),
      unavailable: fresh(),
      failed: fresh(),
    };
  }

  observe(outcome: Outcome, duration_ms: number): void {
    this.#byOutcome[outcome].observe(duration_ms / 1_000);
  }

  count(outcome: Outcome): number {
    return this.#byOutcome[outcome].count;
  }

  get calls(): number {
    return OUTCOMES.reduce((sum, outcome) => sum + this.count(outcome), 0);
  }

  /** Calls that the node itself failed. */
  get faults(): number {
    return FAULTS.reduce((sum, outcome) => sum + this.count(outcome), 0);
  }

  get seconds(): number {
    return OUTCOMES.reduce((sum, outcome) => sum + this.#byOutcome[outcome].sum, 0);
  }

  /** Successful calls that took at most this long; it is an objective of the operation. */
  okWithin(objective_ms: number): number {
    return this.#byOutcome.ok.upTo(objective_ms / 1_000);
  }

  durationLines(name: string): string {
    return OUTCOMES.map((outcome) => {
      const histogram = this.#byOutcome[outcome];
      if (histogram.count === 0) return '';
      return histogram.lines(name, this.#labels(outcome));
    }).join('');
  }

  /** Zeros too: a rate sees the first failure only where there was a zero before it. */
  countLines(name: string): string {
    return OUTCOMES.map((outcome) =>
      sampleLine(name, this.#labels(outcome), this.count(outcome)),
    ).join('');
  }

  #labels(outcome: Outcome) {
    return { module: this.op.module, operation: this.op.name, outcome };
  }
}

/** Counts and durations of all operations, either of calls or of the steps of processes. */
export class CallMeters {
  readonly #meters = new Map<string, OperationMeter>();
  readonly #noun: 'call' | 'step';

  constructor(noun: 'call' | 'step', contracts: readonly AnyContract[]) {
    this.#noun = noun;
    for (const contract of contracts) {
      const borders_s = latencyBorders_ms(contract).map((ms) => ms / 1_000);
      for (const op of Object.values(contract.operations))
        this.#meters.set(op.id, new OperationMeter(op, borders_s));
    }
  }

  /** @throws Error for an operation of no contract given */
  of(op: AnyOperation): OperationMeter {
    const meter = this.#meters.get(op.id);
    if (meter === undefined) throw new Error(`${op.id} is in none of the contracts`);
    return meter;
  }

  all(): Iterable<OperationMeter> {
    return this.#meters.values();
  }

  text(): string {
    const counter = `q_${this.#noun}s_total`;
    const duration = `q_${this.#noun}_duration_seconds`;
    const meters = [...this.#meters.values()];
    const what = this.#noun === 'call' ? 'Calls answered' : 'Steps and queries of calls answered';
    return [
      headLines(counter, 'counter', `${what}, by class of outcome.`),
      ...meters.map((meter) => meter.countLines(counter)),
      headLines(duration, 'histogram', 'Time from arrival to answer.'),
      ...meters.map((meter) => meter.durationLines(duration)),
    ].join('');
  }
}
