import type { AnyContract, AnyOperation, Result } from '@anarq/common-schemas';
import { CallMeters, type OperationMeter } from './callMeters.ts';
import { Gauges } from './gauges.ts';
import { ModuleMeters } from './moduleMeters.ts';
import type { CallFacts, NodeLog, Observers, Span, Tracing } from './observers.ts';
import { outcomeOf } from './outcome.ts';
import { readTraceparent, type TraceContext } from './traceContext.ts';

/** What a call carries from its begin to its end: nothing, where nobody traces it. */
export type Watched = Span | TraceContext | undefined;

/** Watches the calls of one operation: one call of `begin`, one of `end`. */
export class CallWatch {
  readonly #op: AnyOperation;
  readonly #noun: 'call' | 'step';
  readonly #meter: OperationMeter;
  readonly #log: NodeLog | undefined;
  readonly #tracing: Tracing | undefined;

  constructor(
    op: AnyOperation,
    noun: 'call' | 'step',
    meter: OperationMeter,
    { log, tracing }: Observers,
  ) {
    this.#op = op;
    this.#noun = noun;
    this.#meter = meter;
    this.#log = log;
    this.#tracing = tracing;
  }

  /** @param traceparent as it came with the call, read or not */
  begin(traceparent: string | undefined): Watched {
    if (traceparent === undefined && this.#tracing === undefined) return undefined;
    const parent = readTraceparent(traceparent);
    return this.#tracing?.start(this.#op, this.#noun, parent) ?? parent;
  }

  end(watched: Watched, begun_ms: number, result: Result<unknown>, facts: CallFacts): void {
    const duration_ms = performance.now() - begun_ms;
    const outcome = outcomeOf(result);
    this.#meter.observe(outcome, duration_ms);
    const isLogged = this.#log?.logs[this.#noun] === true;
    if (watched === undefined && !isLogged) return;
    const ended = {
      op: this.#op,
      noun: this.#noun,
      facts,
      result,
      outcome,
      duration_ms,
      trace: contextOf(watched),
    };
    if (watched !== undefined && 'end' in watched) watched.end(ended);
    if (isLogged) this.#log?.ended(ended);
  }
}

/** Where a watched call stands in its trace; what it asks of others goes on from there. */
export const contextOf = (watched: Watched): TraceContext | undefined =>
  watched !== undefined && 'context' in watched ? watched.context : watched;

/** The counters of one node, and who else watches it. */
export class Telemetry {
  readonly calls: CallMeters;
  readonly steps: CallMeters;
  readonly gauges = new Gauges();
  /** What modules count by themselves, as their contracts say. */
  readonly modules: ModuleMeters;
  /** Events committed, by topic: what the business of each module did. */
  readonly #events = new Map<string, number>();
  readonly log: NodeLog | undefined;
  readonly #observers: Observers;

  constructor(contracts: readonly AnyContract[], observers: Observers = {}) {
    this.calls = new CallMeters('call', contracts);
    this.steps = new CallMeters('step', contracts);
    this.modules = new ModuleMeters(contracts);
    this.log = observers.log;
    this.#observers = observers;
    for (const { events } of contracts)
      for (const topic of Object.keys(events)) this.#events.set(topic, 0);
    this.gauges.counter(
      { name: 'q_events_total', help: 'Events committed, by topic.', labels: ['topic'] },
      () => [...this.#events].map(([topic, value]) => ({ labels: { topic }, value })),
    );
  }

  /** Says that an event of a contract was committed. */
  emitted(topic: string): void {
    const count = this.#events.get(topic);
    if (count !== undefined) this.#events.set(topic, count + 1);
  }

  watch(op: AnyOperation, noun: 'call' | 'step'): CallWatch {
    const meters = noun === 'call' ? this.calls : this.steps;
    return new CallWatch(op, noun, meters.of(op), this.#observers);
  }

  /** All metrics, as Prometheus reads them. */
  async text(): Promise<string> {
    const counted = `${this.calls.text()}${this.steps.text()}${this.modules.text()}`;
    return `${counted}${await this.gauges.text()}`;
  }
}
