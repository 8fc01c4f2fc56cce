type LabelValues = Readonly<Record<string, readonly string[]>>;

/**
 * What a module counts beside its calls. Every value that a label can have is listed, so that neither
 * what a caller sent nor who it is can become one, and the number of series is known beforehand.
 */
export interface Metric<L extends LabelValues = LabelValues> {
  readonly kind: 'counter' | 'histogram';
  /** 'q_<module>_…', with its unit last: 'q_quantum_run_duration_seconds'; a counter ends in '_total'. */
  readonly name: string;
  readonly help: string;
  /** Values by label name. */
  readonly labels: L;
  /** Upper ends of the buckets of a histogram, ascending, in its unit; a counter has none. */
  readonly borders: readonly number[];
}

/** Labels of one observation. */
export type LabelsOf<M extends Metric> = {
  readonly [Name in keyof M['labels']]: M['labels'][Name][number];
};

/** A total that only grows. */
export const counter = <const L extends LabelValues>(
  name: string,
  help: string,
  labels: L,
): Metric<L> => ({ kind: 'counter', name, help, labels, borders: [] });

/** How often values fell into fixed buckets. */
export const histogram = <const L extends LabelValues>(
  name: string,
  help: string,
  { labels, borders }: { readonly labels: L; readonly borders: readonly number[] },
): Metric<L> => ({ kind: 'histogram', name, help, labels, borders });

const METRICS_MAX = 16;
const SERIES_MAX = 64;
const BORDERS_MAX = 24;
const UNIT = { counter: /_total$/, histogram: /_(seconds|bytes|ratio)$/ } as const;
const LABEL_NAME = /^[a-z][a-z_]{0,31}$/;
const LABEL_VALUE = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$/;

/** How many series a metric can have: one for each combination of the values of its labels. */
export const seriesOf = ({ labels }: Metric): number =>
  Object.values(labels).reduce((product, values) => product * values.length, 1);

/** What is wrong with the metrics of a module. */
export function metricProblems(module: string, metrics: readonly Metric[]): string[] {
  const problems: string[] = [];
  if (metrics.length > METRICS_MAX) problems.push(`more than ${METRICS_MAX} metrics`);
  if (new Set(metrics.map(({ name }) => name)).size < metrics.length)
    problems.push('two metrics have one name');
  for (const metric of metrics) {
    const { kind, name, borders } = metric;
    const say = (problem: string) => problems.push(`${name}: ${problem}`);
    if (!name.startsWith(`q_${module}_`) || !/^[a-z][a-z0-9_]{0,79}$/.test(name))
      say(`names read q_${module}_…, in lower case`);
    if (!UNIT[kind].test(name)) say(`the name of a ${kind} ends in its unit`);
    for (const [label, values] of Object.entries(metric.labels)) {
      if (!LABEL_NAME.test(label) || label === 'le') say(`${label} is not a label`);
      if (values.length === 0 || new Set(values).size < values.length)
        say(`${label}: list each value once`);
      for (const value of values)
        if (!LABEL_VALUE.test(value)) say(`${label}: ${value} is not a value of a label`);
    }
    if (seriesOf(metric) > SERIES_MAX) say(`more than ${SERIES_MAX} series`);
    if (borders.length > BORDERS_MAX) say(`more than ${BORDERS_MAX} borders`);
    if ((kind === 'histogram') !== borders.length > 0) say('a histogram alone has borders');
    if (borders.some((border, at) => !Number.isFinite(border) || border <= (borders[at - 1] ?? -1)))
      say('borders are above zero, and ascend');
  }
  return problems;
}
