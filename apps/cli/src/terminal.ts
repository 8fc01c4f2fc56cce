import colors from 'picocolors';
import { QError } from '@anarq/common-schemas';

/** Colours on a terminal, none when piped or with NO_COLOR (https://no-color.org). */
export const paint = colors;

export const say = (line = ''): void => void process.stdout.write(`${line}\n`);
export const warn = (line: string): void => void process.stderr.write(`${line}\n`);

export const tick = paint.green('✓');
export const cross = paint.red('✗');
export const dot = paint.dim('·');

/** Columns padded to the widest cell; the last one is left as it is. */
export function columns(rows: readonly (readonly string[])[], gap = '  '): string[] {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, visible(cell));
    });
  return rows.map((row) =>
    row
      .map((cell, i) =>
        i === row.length - 1 ? cell : cell + ' '.repeat((widths[i] ?? 0) - visible(cell)),
      )
      .join(gap),
  );
}

// eslint-disable-next-line no-control-regex -- the escape sequences of colours have no width
const visible = (cell: string): number => cell.replace(/\u001b\[[0-9;]*m/g, '').length;

/** 1536 -> '1.5 KiB' */
export function bytesText(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return unit === 0 ? `${bytes} bytes` : `${value.toFixed(1)} ${units[unit]}`;
}

/** Tells an error as a person reads it: what happened, why, and what to do. */
export function tellError(error: unknown): void {
  if (!(error instanceof QError)) {
    warn(`${cross} ${error instanceof Error ? error.message : String(error)}`);
    return;
  }
  warn(`${cross} ${paint.bold(error.code)}  ${error.message}`);
  const { why, violations, ask, ...details } = (error.details ?? {}) as {
    why?: { rule?: string; changeableBy?: string };
    violations?: readonly { path: string; expected: string }[];
    ask?: { operation: string; input: object };
  };
  if (why?.rule !== undefined) warn(`  why   ${why.rule}`);
  if (why?.changeableBy !== undefined) warn(`  who   ${why.changeableBy} can change it`);
  for (const { path, expected } of violations ?? []) warn(`  input ${path || '/'}: ${expected}`);
  for (const [name, value] of Object.entries(details))
    warn(
      `  ${paint.dim(name.padEnd(5))} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
    );
  if (ask !== undefined) {
    const input = JSON.stringify({ ...ask.input, reason: '…' });
    warn(`  ask   ./q call ${ask.operation} '${input}' --token …`);
  }
  // The advice on input speaks of violations; without any there is nothing to compare.
  const isAdvised = error.code !== 'INPUT_INVALID' || violations !== undefined;
  for (const action of isAdvised ? error.suggestedActions : []) warn(`  do    ${action}`);
}
