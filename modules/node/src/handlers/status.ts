import { handler } from '@anarq/kernel';
import { node } from '../contract.ts';

export const status = handler(node.status, async (_input, ctx) => {
  const { health, alerts, objectives, remotes } = await ctx.services.watch.status();
  return {
    status: health.status,
    version: health.version,
    uptime_s: health.metrics.uptime,
    dependencies: Object.entries(health.dependencies).map(([name, found]) => ({
      name,
      status: found.status,
      latency_ms: found.latency,
    })),
    alerts: alerts.map(({ id, severity, summary, state, since_ms }) => ({
      alertId: id,
      severity,
      summary,
      state,
      since: new Date(since_ms).toISOString(),
    })),
    remotes: remotes.map(({ modules, ...rest }) => ({ ...rest, modules: [...modules] })),
    objectives: objectives.map(
      ({ operation, calls, availability, within, objectives_ms, ...rest }) => ({
        operation,
        calls,
        availability,
        availabilityTarget: rest.availabilityTarget,
        within,
        objectives_ms,
      }),
    ),
  };
});
