import type { Registry } from 'prom-client';
import { headLines, sampleLine, type Labels } from './exposition.ts';
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

type LookUp = () => Promise<readonly Sample[]> | readonly Sample[];

interface LookedUp {
  readonly source: Source;
  readonly type: 'gauge' | 'counter';
  readonly look: LookUp;
}

/** Samples of one metric: at most this many, so that no label can flood whoever stores them. */
const SAMPLES_MAX = 1_000;

/** Everything that is measured beside calls: looked up at each scrape, or counted as it happens. */
export class Gauges {
  readonly #lookedUp = new Map<string, LookedUp>();
  readonly #histograms: { source: Source; labels: Labels; histogram: Histogram }[] = [];
  #failures = 0;
  #hasProcess = false;
  #process: Promise<Registry> | undefined;

  /** A value that goes up and down. A look-up that fails yields no sample, and is counted. */
  gauge(source: Source, look: LookUp): void {
    this.#add({ source, type: 'gauge', look });
  }

  /** A total that is kept elsewhere, and only grows. */
  counter(source: Source, look: LookUp): void {
    this.#add({ source, type: 'counter', look });
  }

  /** A histogram to observe into; those of one name differ in their labels. */
  histogram(source: Source, labels: Labels, borders: readonly number[]): Histogram {
    const histogram = new Histogram(borders);
    this.#histograms.push({ source, labels, histogram });
    return histogram;
  }

  /** CPU, memory, event-loop delay and garbage collection of this process, from the first scrape on. */
  process(): void {
    this.#hasProcess = true;
  }

  async text(): Promise<string> {
    const looked = await Promise.all([...this.#lookedUp.values()].map((one) => this.#lookUp(one)));
    const name = 'q_metric_failures_total';
    const failures =
      headLines(name, 'counter', 'Metrics that could not be looked up.') +
      sampleLine(name, {}, this.#failures);
    return `${looked.join('')}${failures}${this.#histogramText()}${await this.#processText()}`;
  }

  #add(one: LookedUp): void {
    const { name } = one.source;
    if (this.#lookedUp.has(name)) throw new Error(`two metrics are named ${name}`);
    this.#lookedUp.set(name, one);
  }

  async #lookUp({
    source: { name, help, labels: names = [] },
    type,
    look,
  }: LookedUp): Promise<string> {
    const head = headLines(name, type, help);
    try {
      const samples = (await look()).slice(0, SAMPLES_MAX);
      const lines = samples.map(({ labels = {}, value }) => {
        const ordered = Object.fromEntries(names.map((label) => [label, labels[label] ?? '']));
        return sampleLine(name, ordered, value);
      });
      return `${head}${lines.join('')}`;
    } catch {
      this.#failures += 1;
      return head;
    }
  }

  /** Loaded at the first scrape, so that a node starts without it. */
  async #processText(): Promise<string> {
    if (!this.#hasProcess) return '';
    this.#process ??= import('prom-client').then(({ collectDefaultMetrics, Registry: Made }) => {
      const register = new Made();
      collectDefaultMetrics({ register });
      return register;
    });
    // prom-client writes a mean of nothing as Nan; the text format knows NaN.
    return (await (await this.#process).metrics()).replaceAll(/ Nan$/gm, ' NaN');
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
