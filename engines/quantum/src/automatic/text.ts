const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

/** A size for people: `16 MiB`, `1.5 GiB`, `2^45 EiB`. */
export function bytesText(bytes: number): string {
  const step = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const value = bytes / 1024 ** step;
  const unit = UNITS[step];
  if (value >= 1024) return `2^${Math.floor(Math.log2(value))} ${unit}`;
  return `${value >= 100 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)} ${unit}`;
}

/** A duration for people. */
export function durationText(duration_ms: number): string {
  if (duration_ms < 1) return 'less than a millisecond';
  if (duration_ms < 1_000) return `${Math.round(duration_ms)} ms`;
  if (duration_ms < 120_000) return `${(duration_ms / 1_000).toFixed(1)} s`;
  const hours = duration_ms / 3_600_000;
  if (hours < 2) return `${Math.round(duration_ms / 60_000)} min`;
  return hours < 1e6 ? `${Math.round(hours)} h` : `${hours.toExponential(1)} h`;
}

/** A number with its noun: `1 qubit`, `12,000 gates`. */
export const countText = (count: number, one: string, many = `${one}s`): string =>
  `${count < 1e15 ? count.toLocaleString('en-US') : count.toExponential(1)} ${count === 1 ? one : many}`;
