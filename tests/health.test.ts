import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startServedNode, type ServedNode } from './servedNode.ts';

/** A node looks at what it depends on; here each of those is broken for real. */
let served: ServedNode;

beforeEach(async () => {
  served = await startServedNode();
});
afterEach(async () => {
  await served.close();
});

interface Answer {
  readonly status: string;
  readonly dependencies: Record<string, { status: string; latency: number; lastCheck: string }>;
}

async function ask(path = '/health'): Promise<{ http: number; body: Answer }> {
  const response = await fetch(`${served.url}${path}`);
  return { http: response.status, body: (await response.json()) as Answer };
}

/** What was found is kept for a second: asks until something else is. */
async function until(status: string): Promise<Answer> {
  for (let tries = 0; tries < 100; tries++) {
    const { body } = await ask();
    if (body.status === status) return body;
    await pause(50);
  }
  throw new Error(`never ${status}: ${JSON.stringify((await ask()).body)}`);
}

describe('a node in order', () => {
  it('is healthy, live and ready, and says what it looked at', async () => {
    const { http, body } = await ask();
    expect([http, body.status]).toEqual([200, 'healthy']);
    expect(Object.keys(body.dependencies).toSorted()).toEqual([
      'bus',
      'clock',
      'content',
      'disk',
      'log',
      'store',
    ]);
    for (const each of Object.values(body.dependencies))
      expect(each).toMatchObject({ status: 'up', latency: expect.any(Number) });
    expect(await ask('/health/live')).toEqual({ http: 200, body: { status: 'live' } });
    expect(await ask('/health/ready')).toEqual({ http: 200, body: { status: 'ready' } });
  });
});

describe('a node out of order', () => {
  it('is unhealthy without its store, and lives on', async () => {
    const broken = served;
    await broken.node.store.close();
    expect((await until('unhealthy')).dependencies['store']?.status).toBe('down');
    expect((await ask()).http).toBe(503);
    expect(await ask('/health/ready')).toEqual({ http: 503, body: { status: 'not ready' } });
    expect((await ask('/health/live')).http).toBe(200);
    // It cannot close in order any more; the next test gets another one.
    await broken.close().catch(() => undefined);
    await rm(broken.node.folder, { recursive: true, force: true });
    served = await startServedNode();
  });

  it('is unhealthy while its content is away, and healthy when it is back', async () => {
    const blocks = join(served.node.folder, 'data', 'blocks');
    await rename(blocks, `${blocks}.away`);
    expect((await until('unhealthy')).dependencies['content']?.status).toBe('down');
    await rename(`${blocks}.away`, blocks);
    await until('healthy');
  });

  it('is degraded while a consumer does not get on with its events', async () => {
    const { kernel } = served.node;
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const subscription = kernel.events.subscribe({
      consumer: 'stuck',
      topics: ['q.squid.*'],
      handle: () => held,
    });
    await served.node.store.commit([
      {
        sql: `INSERT INTO kernel_outbox (id, tenant, module, topic, subject, data, at_ms)
              VALUES ('x.0', 'home', 'squid', 'q.squid.identity.created.v1', '', '{}', :at_ms)`,
        params: { at_ms: served.now_ms() - 120_000 },
      },
    ]);
    kernel.events.wake();
    expect((await until('degraded')).dependencies['bus']?.status).toBe('degraded');
    expect((await ask()).http).toBe(200);
    const metrics = await kernel.telemetry.text();
    expect(metrics).toMatch(/^q_bus_backlog_age_seconds\{consumer="stuck"\} 1[2-9]\d/m);
    release();
    await until('healthy');
    await subscription.close();
  });

  it('is degraded while its clock is behind its own records', async () => {
    served.clock.offset_ms = 3_600_000;
    await served.node.operator.result(
      served.node.kernel.contracts
        .flatMap(({ operations }) => Object.values(operations))
        .find(({ id }) => id === 'squid.create') ?? expect.fail('there is no squid.create'),
      { kind: 'person', name: 'ana' },
      { skew_ms: 3_600_000 },
    );
    served.clock.offset_ms = 0;
    expect((await until('degraded')).dependencies['clock']?.status).toBe('degraded');
    served.clock.offset_ms = 3_700_000;
    await until('healthy');
  });
});
