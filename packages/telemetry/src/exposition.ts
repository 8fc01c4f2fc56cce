/**
 * The text in which Prometheus reads metrics, version 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format).
 */
export type Labels = Readonly<Record<string, string>>;

/** One line: a name, its labels, a value. */
export const sampleLine = (name: string, labels: Labels, value: number): string =>
  `${name}${labelText(labels)} ${numberText(value)}\n`;

/** What stands before the lines of a metric. */
export const headLines = (
  name: string,
  type: 'counter' | 'gauge' | 'histogram',
  help: string,
): string =>
  `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n`;

/** The lines of one histogram. `counts[i]` is what fell up to `borders[i]` and above the one before; the last is the rest. */
export function histogramLines(
  name: string,
  labels: Labels,
  borders: readonly number[],
  counts: ArrayLike<number>,
  sum: number,
): string {
  let text = '';
  let total = 0;
  for (const [place, border] of borders.entries()) {
    total += counts[place] ?? 0;
    text += sampleLine(`${name}_bucket`, { ...labels, le: numberText(border) }, total);
  }
  total += counts[borders.length] ?? 0;
  text += sampleLine(`${name}_bucket`, { ...labels, le: '+Inf' }, total);
  return `${text}${sampleLine(`${name}_sum`, labels, sum)}${sampleLine(`${name}_count`, labels, total)}`;
}

function labelText(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');

const numberText = (value: number): string =>
  value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : String(value);
