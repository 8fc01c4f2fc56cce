import type { Bus } from '@anarq/bus';
import {
  HealthMonitor,
  type CheckStatus,
  type HealthCheck,
  type HealthMetrics,
  type Telemetry,
} from '@anarq/telemetry';
import { apartChecks } from './apart/openApart.ts';
import { measureKernel } from './measures.ts';
import type { ClockSteps } from './clockSteps.ts';
import type { KernelParts } from './parts.ts';

/** Records that wait this long to enter the log, or events for their consumer: something is stuck. */
const WAIT_MAX_MS = 60_000;
/** Events and records may be this much younger than now: clocks of one machine are read twice. */
const AHEAD_MAX_MS = 5_000;

/** Measures the parts of a kernel, and looks after their health from now on. */
export function watchKernel(
  parts: KernelParts,
  bus: Bus,
  {
    version,
    now_ms,
    steps,
  }: {
    readonly version: string;
    readonly now_ms: () => number;
    readonly steps: ClockSteps | undefined;
  },
): HealthMonitor {
  measureKernel(parts, bus, now_ms);
  const started_ms = performance.now();
  const metrics = () => healthMetrics(parts.telemetry, performance.now() - started_ms);
  const monitor = new HealthMonitor({ version, now_ms, metrics });
  for (const check of [...kernelChecks(parts, bus, now_ms, steps), ...apartChecks(parts)])
    monitor.add(check);
  return monitor;
}

/** What the kernel depends on, as checks of its health. */
function kernelChecks(
  { store, services }: KernelParts,
  bus: Bus,
  now_ms: () => number,
  steps: ClockSteps | undefined,
): HealthCheck[] {
  return [
    {
      name: 'store',
      isEssential: true,
      look: async () => {
        await store.read('SELECT 1 AS one');
        // An empty batch goes through the writer, and finds one that may write nothing more.
        await store.commit([]);
        return 'up';
      },
    },
    {
      name: 'content',
      isEssential: true,
      look: async () => {
        await services.blocks.list(undefined, 1);
        return 'up';
      },
    },
    {
      name: 'log',
      isEssential: true,
      look: async () => {
        const [row] = await store.read(
          `SELECT MIN(at_ms) AS at_ms FROM log_record
           WHERE seq > (SELECT last_seq FROM log_checkpoint)`,
        );
        return isOverdue(row?.['at_ms'], now_ms()) ? 'degraded' : 'up';
      },
    },
    {
      name: 'bus',
      isEssential: false,
      look: async () => {
        const lags = await bus.lags();
        return lags.some(({ oldest_ms }) => isOverdue(oldest_ms, now_ms())) ? 'degraded' : 'up';
      },
    },
    { name: 'clock', isEssential: false, look: clockCheck(store, now_ms, steps) },
  ];
}

const isOverdue = (at_ms: unknown, now_ms: number): boolean =>
  typeof at_ms === 'number' && now_ms - at_ms > WAIT_MAX_MS;

/** A clock that is behind what was recorded was set back, or wrong before; one that jumped is told for a while. */
function clockCheck(
  store: KernelParts['store'],
  now_ms: () => number,
  steps: ClockSteps | undefined,
) {
  return async (): Promise<CheckStatus> => {
    if (steps?.latest !== undefined) return 'degraded';
    const [row] = await store.read('SELECT at_ms FROM log_record ORDER BY seq DESC LIMIT 1');
    return Number(row?.['at_ms'] ?? 0) > now_ms() + AHEAD_MAX_MS ? 'degraded' : 'up';
  };
}

/** Calls, errors and mean duration since the start. */
function healthMetrics(telemetry: Telemetry, uptime_ms: number): HealthMetrics {
  let [calls, ok, seconds] = [0, 0, 0];
  for (const meter of telemetry.calls.all()) {
    calls += meter.calls;
    ok += meter.count('ok');
    seconds += meter.seconds;
  }
  return {
    uptime: Math.floor(uptime_ms / 1_000),
    requestCount: calls,
    errorRate: calls === 0 ? 0 : (calls - ok) / calls,
    avgResponseTime: calls === 0 ? 0 : (seconds * 1_000) / calls,
  };
}
