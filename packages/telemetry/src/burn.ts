import { AVAILABILITY_TARGET } from '@anarq/common-schemas';
import type { CallMeters } from './callMeters.ts';

/** Totals of one module at an instant. */
interface Totals {
  readonly calls: number;
  readonly faults: number;
  readonly ok: number;
  /** Successful calls that took longer than their p99 objective. */
  readonly slow: number;
}

interface Snapshot {
  readonly at_ms: number;
  readonly byModule: ReadonlyMap<string, Totals>;
}

const NOTHING: Totals = { calls: 0, faults: 0, ok: 0, slow: 0 };
const MINUTE_MS = 60_000;
/** Six hours of minutes, the longest window that is looked at, and one before. */
const KEPT_MAX = 361;

/** What came to pass in a window of time. */
export interface Window extends Totals {
  /** How many times faster than sustainable the error budget is used up. */
  readonly burnRate: number;
}

/** Remembers, a minute at a time, what was counted, to say how it went in the last while. */
export class Burn {
  readonly #meters: CallMeters;
  readonly #snapshots: Snapshot[];

  /** @param now_ms of a clock that only goes forward */
  constructor(meters: CallMeters, now_ms: number) {
    this.#meters = meters;
    this.#snapshots = [{ at_ms: now_ms, byModule: totalsOf(meters) }];
  }

  get modules(): string[] {
    return [...totalsOf(this.#meters).keys()];
  }

  /** To be called now and then; keeps one snapshot a minute. */
  look(now_ms: number): void {
    const last = this.#snapshots.at(-1);
    if (last !== undefined && now_ms - last.at_ms < MINUTE_MS) return;
    this.#snapshots.push({ at_ms: now_ms, byModule: totalsOf(this.#meters) });
    if (this.#snapshots.length > KEPT_MAX) this.#snapshots.shift();
  }

  /** A node younger than the window answers for its whole life. */
  window(module: string, now_ms: number, span_ms: number): Window {
    const from = this.#snapshots.findLast(({ at_ms }) => at_ms <= now_ms - span_ms);
    const before = (from ?? this.#snapshots[0])?.byModule.get(module) ?? NOTHING;
    const now = totalsOf(this.#meters).get(module) ?? NOTHING;
    const calls = now.calls - before.calls;
    const faults = now.faults - before.faults;
    return {
      calls,
      faults,
      ok: now.ok - before.ok,
      slow: now.slow - before.slow,
      burnRate: calls === 0 ? 0 : faults / calls / (1 - AVAILABILITY_TARGET),
    };
  }
}

function totalsOf(meters: CallMeters): Map<string, Totals> {
  const byModule = new Map<string, Totals>();
  for (const meter of meters.all()) {
    const { module, slo } = meter.op;
    const sum = byModule.get(module) ?? NOTHING;
    const ok = meter.count('ok');
    byModule.set(module, {
      calls: sum.calls + meter.calls,
      faults: sum.faults + meter.faults,
      ok: sum.ok + ok,
      slow: sum.slow + ok - meter.okWithin(slo.latency_ms_p99),
    });
  }
  return byModule;
}
