/** What a node says of itself: metrics, health, spans and lines of a log. None of it holds an input. */
export { type OperationMeter } from './callMeters.ts';
export { Gauges, type Sample } from './gauges.ts';
export {
  HealthMonitor,
  type CheckStatus,
  type Health,
  type HealthCheck,
  type HealthMetrics,
} from './health.ts';
export { openNodeLog, type LogOptions } from './log.ts';
export type { CallFacts, Correlation, NodeLog, Observers, Tracing } from './observers.ts';
export { OUTCOMES, type Outcome } from './outcome.ts';
export { CallWatch, contextOf, Telemetry, type Watched } from './telemetry.ts';
export { openTracing } from './tracing.ts';
export { readTraceparent, traceparentOf, type TraceContext } from './traceContext.ts';
