import { seriesOf, type AnyContract, type Metric } from '@anarq/common-schemas';
import { headLines, sampleLine, type Labels } from './exposition.ts';
import { Histogram } from './histogram.ts';

/** What modules count beside their calls. All series are made at once: counting makes no new one. */
export class ModuleMeters {
  readonly #meters = new Map<Metric, Meter>();

  constructor(contracts: readonly AnyContract[]) {
    for (const { metrics } of contracts)
      for (const metric of metrics) this.#meters.set(metric, new Meter(metric));
  }

  /**
   * Adds to a counter, or to the histogram one value.
   * @throws Error for a metric of no contract, a label value that it does not list, or no finite number
   */
  measure(metric: Metric, value: number, labels: Labels): void {
    const meter = this.#meters.get(metric);
    if (meter === undefined) throw new Error(`${metric.name} is in none of the contracts`);
    meter.observe(value, labels);
  }

  text(): string {
    return [...this.#meters.values()].map((meter) => meter.text()).join('');
  }
}

/** One metric: a total or a histogram for each combination of the values of its labels. */
class Meter {
  readonly #metric: Metric;
  readonly #names: readonly string[];
  readonly #totals: Float64Array;
  readonly #histograms: readonly Histogram[];

  constructor(metric: Metric) {
    this.#metric = metric;
    this.#names = Object.keys(metric.labels);
    const series = seriesOf(metric);
    this.#totals = new Float64Array(metric.kind === 'counter' ? series : 0);
    this.#histograms =
      metric.kind === 'counter'
        ? []
        : Array.from({ length: series }, () => new Histogram(metric.borders));
  }

  observe(value: number, labels: Labels): void {
    const { kind, name } = this.#metric;
    if (!Number.isFinite(value) || value < 0)
      throw new Error(`${name}: ${value} cannot be counted`);
    const place = this.#placeOf(labels);
    if (kind === 'counter') this.#totals[place] = (this.#totals[place] ?? 0) + value;
    else this.#histograms[place]?.observe(value);
  }

  text(): string {
    const { kind, name, help } = this.#metric;
    // Zeros too: a rate sees the first only where there was a zero before it.
    const totals = [...this.#totals].map((total, place) =>
      sampleLine(name, this.#labelsAt(place), total),
    );
    const histograms = this.#histograms.map((histogram, place) =>
      histogram.count === 0 ? '' : histogram.lines(name, this.#labelsAt(place)),
    );
    return `${headLines(name, kind, help)}${totals.join('')}${histograms.join('')}`;
  }

  /** Label values as the digits of a number, the last label fastest. */
  #placeOf(labels: Labels): number {
    let place = 0;
    for (const label of this.#names) {
      const values = this.#metric.labels[label] ?? [];
      const at = values.indexOf(labels[label] ?? '');
      if (at === -1)
        throw new Error(
          `${this.#metric.name}: ${label} is ${values.join(' or ')} and nothing else`,
        );
      place = place * values.length + at;
    }
    return place;
  }

  #labelsAt(place: number): Labels {
    const labels: Record<string, string> = {};
    let rest = place;
    for (const label of this.#names.toReversed()) {
      const values = this.#metric.labels[label] ?? [];
      labels[label] = values[rest % values.length] ?? '';
      rest = Math.floor(rest / values.length);
    }
    return Object.fromEntries(this.#names.map((label) => [label, labels[label] ?? '']));
  }
}
