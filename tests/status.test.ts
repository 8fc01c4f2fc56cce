import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { node as nodeContract } from '@anarq/node-module/contract';
import { startTestNode, type TestNode } from '@anarq/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { q, up, type UpNode } from './qCommand.ts';

describe('an alert', () => {
  let node: TestNode;
  beforeEach(async () => {
    node = await startTestNode();
  });
  afterEach(() => node.close());

  const status = () => node.operator.call(nodeContract.status, {});
  const contentAlert = async () =>
    (await status()).alerts.find(({ alertId }) => alertId === 'dependency/content');

  /** What was found of the content is kept for a second: asks until it is another. */
  async function until(state: 'FIRING' | 'RESOLVED'): Promise<void> {
    for (let tries = 0; tries < 100; tries++) {
      if ((await contentAlert())?.state === state) return;
      await pause(50);
    }
    throw new Error(`never ${state}: ${JSON.stringify(await status())}`);
  }

  async function told(): Promise<string[]> {
    const { tenant } = node.kernel.node;
    const { events } = await node.kernel.events.read({ tenant, topics: ['q.node.alert.v1'] });
    return events.map(({ data }) => {
      const { alertId, state } = data as { alertId: string; state: string };
      return `${alertId} ${state}`;
    });
  }

  it('fires when something breaks, survives a restart, and is resolved; each change is one event', async () => {
    const blocks = join(node.folder, 'data', 'blocks');
    expect((await status()).alerts).toEqual([]);
    await rename(blocks, `${blocks}.away`);
    await until('FIRING');
    const fired = await contentAlert();
    expect(fired).toMatchObject({ severity: 'page', state: 'FIRING' });
    await rename(`${blocks}.away`, blocks);
    await node.kernel.services.watch.status();
    await until('RESOLVED');
    await node.restart();
    expect(await contentAlert()).toMatchObject({ state: 'RESOLVED' });
    expect(await told()).toEqual(['dependency/content FIRING', 'dependency/content RESOLVED']);
  });

  it('may be raised by another part of the node', async () => {
    const about = { id: 'budget/b1/80', severity: 'ticket', summary: 'Nearly used up.' } as const;
    node.kernel.services.watch.raise(about, true);
    node.kernel.services.watch.raise(about, true);
    expect((await status()).alerts).toMatchObject([{ alertId: 'budget/b1/80', state: 'FIRING' }]);
    expect(await told()).toEqual(['budget/b1/80 FIRING']);
  });

  it('is shown to the operator, and to nobody else', async () => {
    const ana = await node.person('ana');
    expect(await ana.result(nodeContract.status, {})).toMatchObject({
      status: 'error',
      code: 'QONSENT_DENIED',
    });
  });
});

describe('what was measured', () => {
  it('is the share of calls that the node answered, and of those in time', async () => {
    const node = await startTestNode();
    try {
      for (let n = 0; n < 4; n++) await node.operator.call(nodeContract.jobs, {});
      const { objectives } = await node.operator.call(nodeContract.status, {});
      const measured = objectives.find(({ operation }) => operation === 'node.jobs');
      expect(measured).toMatchObject({ calls: 4, availability: 1, availabilityTarget: 0.999 });
      expect(measured?.within.p99).toBeGreaterThanOrEqual(measured?.within.p50 ?? 1);
    } finally {
      await node.close();
    }
  });
});

describe('q status', () => {
  let folder: string;
  let node: UpNode;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'q-status-'));
    node = await up('--empty', '--data', join(folder, 'data'), '--keys', join(folder, 'keys'));
  });
  afterAll(async () => {
    await node.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('says how the node is, what it depends on, and what was measured', async () => {
    const { code, stdout } = await q('status', '--data', join(folder, 'data'));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^(✓ healthy|! degraded) {2}http:\/\/127\.0\.0\.1:\d+ {2}up /);
    expect(stdout).toMatch(/store +up/);
    expect(stdout).toContain('operation');
    const { stdout: json } = await q('status', '--json', '--data', join(folder, 'data'));
    expect(JSON.parse(json)).toMatchObject({
      version: expect.any(String),
      alerts: expect.any(Array),
    });
  });
});
