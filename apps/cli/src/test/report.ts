import type { Verdict } from './check.ts';

/** A check that ran, and how long it took. */
export interface Timed extends Verdict {
  name: string;
  duration_ms: number;
}

/** The sum of all counts, without output. */
export function totalOf(ran: readonly Verdict[]): Omit<Verdict, 'output' | 'suites'> {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const { passed, failed, skipped } of ran) {
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
  }
  return total;
}

/** The last line of a test run: `12 passed, 0 failed`, and `, 3 skipped` where any were. */
export function summaryLine(total: Omit<Verdict, 'output' | 'suites'>): string {
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
  return `${total.passed} passed, ${total.failed} failed${skipped}`;
}

/** One line for a check: mark, name, seconds, and counts where it holds more than one test. */
export function checkLine(check: Timed): string {
  const { passed, failed, skipped } = check;
  const mark = failed > 0 ? '✗' : passed > 0 ? '✓' : '-';
  const seconds = `${(check.duration_ms / 1000).toFixed(1)} s`.padStart(8);
  const single = passed + failed + skipped === 1;
  const verdict = failed > 0 ? 'failed' : passed > 0 ? 'ok' : 'skipped';
  return `${mark} ${check.name.padEnd(14)}${seconds}  ${single ? verdict : summaryLine(check)}`;
}

/** Exit code of a run: 0 only where something passed and nothing failed. */
export function exitCodeOf(total: Omit<Verdict, 'output' | 'suites'>): number {
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
}
