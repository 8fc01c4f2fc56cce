import type { AlertBoard, AlertSeverity } from './alertBoard.ts';
import type { Burn } from './burn.ts';
import type { Health } from './health.ts';

const MINUTE_MS = 60_000;

/**
 * Burn rates over two windows each: the long one says that it matters, the short one that it still
 * goes on (Site Reliability Workbook, chapter 5, table 5-8). 14.4 uses up 2 % of a month's budget in
 * an hour, 6 uses up 5 % in six hours.
 */
const BURN_RULES = [
  { name: 'fast', severity: 'page', rate: 14.4, long_min: 60, short_min: 5 },
  { name: 'slow', severity: 'ticket', rate: 6, long_min: 360, short_min: 30 },
] as const;

/** Share of successful calls beyond their p99 objective, which allows one in a hundred. */
const SLOW_SHARE_MAX = 0.05;
const SLOW_WINDOW_MIN = 30;

/** Below these, a share of calls says little. */
const CALLS_MIN = 20;
const OK_MIN = 100;

/** Holds what was counted against the objectives of the contracts. */
export function judgeObjectives(burn: Burn, board: AlertBoard, now_ms: number): void {
  for (const module of burn.modules) {
    const over = (minutes: number) => burn.window(module, now_ms, minutes * MINUTE_MS);
    for (const { name, severity, rate, long_min, short_min } of BURN_RULES) {
      const [long, short] = [over(long_min), over(short_min)];
      const isBurning = long.calls >= CALLS_MIN && long.burnRate > rate && short.burnRate > rate;
      const summary = `${module} fails calls ${rate} times faster than its objective allows.`;
      board.set({ id: `slo/${module}/${name}`, severity, summary }, isBurning);
    }
    const { ok, slow } = over(SLOW_WINDOW_MIN);
    const summary = `More than ${SLOW_SHARE_MAX * 100} % of the calls of ${module} are slower than promised.`;
    board.set(
      { id: `slo/${module}/latency`, severity: 'ticket', summary },
      ok >= OK_MIN && slow / ok > SLOW_SHARE_MAX,
    );
  }
}

/** What the node depends on, each by its name: store, content, log, bus, disk, clock … */
export function judgeHealth({ dependencies, status }: Health, board: AlertBoard): void {
  for (const [name, dependency] of Object.entries(dependencies)) {
    const severity: AlertSeverity =
      dependency.status === 'down' && status === 'unhealthy' ? 'page' : 'ticket';
    const summary = SENTENCES[name] ?? `${name} is not as it should be.`;
    board.set({ id: `dependency/${name}`, severity, summary }, dependency.status !== 'up');
  }
}

const SENTENCES: Readonly<Record<string, string>> = {
  store: 'The store does not answer: nothing can be written.',
  content: 'The folder of the content blocks cannot be used.',
  log: 'Records wait for more than a minute to enter the log.',
  bus: 'Events wait for more than a minute for a consumer.',
  disk: 'The disk of the data folder is nearly full.',
  clock: 'The clock jumped a short while ago, or is behind what the node has recorded.',
};
