import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { Labels } from './exposition.ts';
import { headLines } from './exposition.ts';
import { Histogram } from './histogram.ts';

/** One value of a metric that is looked up when somebody asks. */
export interface Sample {
  readonly labels?: Labels;
  readonly value: number;
}

interface Source {
  readonly name: string;
  readonly help: string;
  /** Label names; every sample has just these. */
  readonly labels?: readonly string[];
}

/** Samples of one metric: at most this many, so that no label can flood whoever stores them. */
const SAMPLES_MAX = 1_000;

/** Everything that is measured beside calls: looked up at each scrape, or counted as it happens. */
export class Gauges {
  readonly #registry = new Registry();
  readonly #histograms: { source: Source; labels: Labels; histogram: Histogram }[] = [];
  #failures: Counter | undefined;

  /** A value that goes up and down. A look-up that fails yields no sample, and is counted. */
  gauge(source: Source, look: () => Promise<readonly Sample[]> | readonly Sample[]): void {
    const gauge: Gauge = new Gauge({
      ...this.#settings(source),
      collect: () =>
        this.#collect(source, gauge, look, (labels, value) => gauge.set(labels, value)),
    });
  }

  /** A total that is kept elsewhere, and only grows. */
  counter(source: Source, look: () => Promise<readonly Sample[]> | readonly Sample[]): void {
    const counter: Counter = new Counter({
      ...this.#settings(source),
      collect: () =>
        this.#collect(source, counter, look, (labels, value) => counter.inc(labels, value)),
    });
  }

  /** A histogram to observe into; those of one name differ in their labels. */
  histogram(source: Source, labels: Labels, borders: readonly number[]): Histogram {
    const histogram = new Histogram(borders);
    this.#histograms.push({ source, labels, histogram });
    return histogram;
  }

  /** CPU, memory, event-loop delay and garbage collection of this process. */
  process(): void {
    collectDefaultMetrics({ register: this.#registry });
  }

  async text(): Promise<string> {
    return `${await this.#registry.metrics()}${this.#histogramText()}`;
  }

  #settings(source: Source) {
    const { name, help, labels = [] } = source;
    return { name, help, labelNames: [...labels], registers: [this.#registry] };
  }

  async #collect(
    { labels: names = [] }: Source,
    metric: { reset(): void; remove(): void },
    look: () => Promise<readonly Sample[]> | readonly Sample[],
    put: (labels: Record<string, string>, value: number) => void,
  ): Promise<void> {
    metric.reset();
    try {
      for (const { labels = {}, value } of (await look()).slice(0, SAMPLES_MAX))
        put({ ...labels }, value);
    } catch {
      metric.reset();
      // Without labels a reset leaves a zero, which would be a claim.
      if (names.length === 0) metric.remove();
      this.#countFailure();
    }
  }

  #countFailure(): void {
    this.#failures ??= new Counter({
      name: 'q_metric_failures_total',
      help: 'Metrics that could not be looked up.',
      registers: [this.#registry],
    });
    this.#failures.inc();
  }

  #histogramText(): string {
    const heads = new Set<string>();
    return this.#histograms
      .toSorted((a, b) => (a.source.name < b.source.name ? -1 : 1))
      .map(({ source, labels, histogram }) => {
        const head = heads.has(source.name) ? '' : headLines(source.name, 'histogram', source.help);
        heads.add(source.name);
        return `${head}${histogram.lines(source.name, labels)}`;
      })
      .join('');
  }
}
