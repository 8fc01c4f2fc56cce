/** What a node says of itself: metrics, health, spans and lines of a log. None of it holds an input. */
export { AlertBoard, type Alert } from './alertBoard.ts';
export { judgeHealth, judgeObjectives } from './alertRules.ts';
export { Burn } from './burn.ts';
export { Gauges, type Sample } from './gauges.ts';
export {
  HealthMonitor,
  type CheckStatus,
  type Health,
  type HealthCheck,
  type HealthMetrics,
} from './health.ts';
export { openNodeLog, type LogOptions } from './log.ts';
import type { Tracing } from './observers.ts';
import type { TracingOptions } from './tracing.ts';

export type { CallFacts, Correlation, NodeLog, Observers, Tracing } from './observers.ts';
export { OUTCOMES, type Outcome } from './outcome.ts';
export { Pressure } from './pressure.ts';
export { isProfiling, keepProfile, profileCpu, type HotFunction } from './profile.ts';
export { CallWatch, contextOf, Telemetry, type Watched } from './telemetry.ts';
export { readTraceparent, traceparentOf, type TraceContext } from './traceContext.ts';

/** Loads the SDK of OpenTelemetry; a node without a receiver never does. */
export const openTracing = async (options: TracingOptions): Promise<Tracing> =>
  (await import('./tracing.ts')).openTracing(options);
