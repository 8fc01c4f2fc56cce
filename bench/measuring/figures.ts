/** One measured figure: the median of several runs, and what it is compared with in the same run. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly runs: number;
  readonly min: number;
  readonly max: number;
  readonly against?: { readonly name: string; readonly value: number };
  /** Value over what it is compared with. */
  readonly ratio?: number;
  /** The ratio that the project holds itself to: at most `max`, or at least `min`. */
  readonly target?: { readonly max: number } | { readonly min: number };
  readonly conditions: string;
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
};

/** The value that a share of all values do not exceed. */
export const percentile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
};

interface Order {
  readonly name: string;
  readonly unit: string;
  readonly values: readonly number[];
  readonly against?: { readonly name: string; readonly values: readonly number[] };
  readonly target?: Figure['target'];
  readonly conditions: string;
}

/**
 * The figure of several runs. Where two sides were measured in turn, the ratio is the median of the
 * ratios of each pair: what else the machine did then weighs on both alike.
 */
export function figure({ name, unit, values, against, target, conditions }: Order): Figure {
  const shared = {
    name,
    value: median(values),
    unit,
    runs: values.length,
    min: Math.min(...values),
    max: Math.max(...values),
    ...(target === undefined ? {} : { target }),
    conditions,
  };
  if (against === undefined) return shared;
  const ratios = values.map((value, at) => value / (against.values[at] ?? Number.NaN));
  return {
    ...shared,
    against: { name: against.name, value: median(against.values) },
    ratio: median(ratios),
  };
}

/** What a benchmark is given: a place to say how far it is, and how long it may take. */
export interface BenchRun {
  readonly progress: (line: string) => void;
  /** Fewer rounds and sizes, to see that it works. */
  readonly quick: boolean;
  /** Where to draw what was measured (SVG), for those that do. */
  readonly plotPath?: string | undefined;
}
