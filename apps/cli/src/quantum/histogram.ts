import { paint } from '../terminal.ts';

export type Counts = readonly (readonly [bits: string, count: number])[];

const BAR_CHARS = 32;
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
const BITS_CHARS = 40;

/** Lines of a histogram: bits, bar, count, percent. A bar of full length is the most frequent outcome. */
export function histogramLines(counts: Counts, shots: number): string[] {
  const most = Math.max(1, ...counts.map(([, count]) => count));
  const width = Math.max(0, ...counts.map(([, count]) => String(count).length));
  const bitsWidth = Math.max(0, ...counts.map(([bits]) => shortBits(bits).length));
  return counts.map(([bits, count]) => {
    const eighths = Math.round((count / most) * BAR_CHARS * 8);
    const bar = '█'.repeat(eighths >> 3) + (EIGHTHS[eighths & 7] ?? '');
    const percent = ((100 * count) / shots).toFixed(2).padStart(6);
    return `  ${shortBits(bits).padEnd(bitsWidth)}  ${paint.cyan(bar.padEnd(BAR_CHARS))}  ${String(count).padStart(width)}  ${paint.dim(`${percent} %`)}`;
  });
}

/** Long outcomes show their beginning and their end. */
const shortBits = (bits: string): string =>
  bits.length <= BITS_CHARS
    ? bits
    : `${bits.slice(0, BITS_CHARS / 2 - 1)}…${bits.slice(-BITS_CHARS / 2)}`;
