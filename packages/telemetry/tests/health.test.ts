import { describe, expect, it } from 'vitest';
import { HealthMonitor, type CheckStatus } from '../src/health.ts';

const metrics = { uptime: 1, requestCount: 2, errorRate: 0, avgResponseTime: 3 };

function monitorOf(checks: Record<string, readonly [boolean, () => Promise<CheckStatus>]>) {
  const monitor = new HealthMonitor({
    version: '1.2.3',
    now_ms: () => Date.UTC(2026, 0, 1),
    metrics: () => metrics,
    timeout_ms: 50,
    cache_ms: 60_000,
  });
  for (const [name, [isEssential, look]] of Object.entries(checks))
    monitor.add({ name, isEssential, look });
  return monitor;
}

const is = (status: CheckStatus) => async () => status;

describe('the health of a node', () => {
  it('is the answer that the specification gives', async () => {
    const health = await monitorOf({ store: [true, is('up')] }).read();
    expect(health).toEqual({
      status: 'healthy',
      timestamp: '2026-01-01T00:00:00.000Z',
      version: '1.2.3',
      dependencies: {
        store: {
          status: 'up',
          latency: expect.any(Number),
          lastCheck: '2026-01-01T00:00:00.000Z',
        },
      },
      metrics,
    });
  });

  it.each([
    ['healthy', 'up', 'up'],
    ['degraded', 'up', 'down'],
    ['degraded', 'up', 'degraded'],
    ['degraded', 'degraded', 'up'],
    ['unhealthy', 'down', 'up'],
  ] as const)('is %s while what it needs is %s and the rest %s', async (status, store, bus) => {
    const monitor = monitorOf({ store: [true, is(store)], bus: [false, is(bus)] });
    expect((await monitor.read()).status).toBe(status);
  });

  it('takes what throws, and what does not answer, for down', async () => {
    const monitor = monitorOf({
      broken: [false, () => Promise.reject(new Error('no'))],
      silent: [false, () => new Promise(() => undefined)],
    });
    const { dependencies } = await monitor.read();
    expect([dependencies['broken']?.status, dependencies['silent']?.status]).toEqual([
      'down',
      'down',
    ]);
  });

  it('is looked up once, however many ask at a time', async () => {
    let looks = 0;
    const monitor = monitorOf({
      store: [true, async () => (looks++ < 0 ? 'down' : 'up')],
    });
    await Promise.all(Array.from({ length: 50 }, () => monitor.read()));
    expect(looks).toBe(1);
  });
});
