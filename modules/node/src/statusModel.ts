import { t } from '@anarq/common-schemas';

const share = () => t.number({ minimum: 0, maximum: 1 });
const count = () => t.integer({ minimum: 0 });
const positive = () => t.number({ minimum: 0 });

const DependencyModel = t.named(
  'NodeDependency',
  t.object({
    name: t.string({ maxLength: 2_048 }),
    status: t.enum(['up', 'degraded', 'down']),
    latency_ms: positive(),
  }),
);

const AlertModel = t.named(
  'NodeAlert',
  t.object({
    alertId: t.string({ maxLength: 300 }),
    severity: t.enum(['page', 'ticket']),
    summary: t.string({ maxLength: 500 }),
    state: t.enum(['FIRING', 'RESOLVED']),
    since: t.instant(),
  }),
);

/** Measured since the node started; nothing of it is a promise. */
const MeasuredModel = t.named(
  'MeasuredObjective',
  t.object({
    operation: t.string({ maxLength: 128 }),
    calls: t.integer({ minimum: 0 }),
    availability: share(),
    availabilityTarget: share(),
    within: t.object({ p50: share(), p95: share(), p99: share() }),
    objectives_ms: t.object({ p50: positive(), p95: positive(), p99: positive() }),
  }),
);

/** Another process of the node, and how it is called. Counted since this process started. */
const RemoteModel = t.named(
  'NodeRemote',
  t.object({
    target: t.string({ maxLength: 2_048 }),
    modules: t.array(t.string({ maxLength: 64 }), { maxItems: 100 }),
    breaker: t.enum(['closed', 'half-open', 'open'], {
      description: 'open: it failed too often, and is not called for a while.',
    }),
    running: count(),
    running_max: count(),
    waiting: count(),
    waiting_max: count(),
    retries: count(),
    opened: count(),
    refused: count(),
    problem: t.optional(t.string({ maxLength: 4_096 })),
  }),
);

export const NodeStatusModel = t.named(
  'NodeStatus',
  t.object({
    status: t.enum(['healthy', 'degraded', 'unhealthy']),
    version: t.string({ maxLength: 64 }),
    uptime_s: t.integer({ minimum: 0 }),
    dependencies: t.array(DependencyModel, { maxItems: 100 }),
    alerts: t.array(AlertModel, { maxItems: 1_000 }),
    objectives: t.array(MeasuredModel, { maxItems: 1_000 }),
    remotes: t.array(RemoteModel, { maxItems: 100 }),
  }),
);

export const ProfileModel = t.named(
  'CpuProfile',
  t.object({
    file: t.string({ maxLength: 4_096, description: 'Opens in Chrome and VS Code.' }),
    hot: t.array(
      t.named(
        'HotFunction',
        t.object({
          name: t.string({ maxLength: 4_096 }),
          place: t.string({ maxLength: 4_096 }),
          self_ms: positive(),
          share: share(),
        }),
      ),
      { maxItems: 20 },
    ),
  }),
);

export const SwitchModel = t.named(
  'Switch',
  t.object({ operation: t.string({ minLength: 3, maxLength: 128 }), isOn: t.boolean() }),
);
