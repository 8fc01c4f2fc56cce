import { contract, query, t } from '@anarq/common-schemas';
import { describe, expect, it } from 'vitest';
import { AlertBoard, type Alert } from '../src/alertBoard.ts';
import { judgeHealth, judgeObjectives } from '../src/alertRules.ts';
import { Burn } from '../src/burn.ts';
import { CallMeters } from '../src/callMeters.ts';
import type { Health } from '../src/health.ts';

const shop = contract({
  name: 'shop',
  version: '1.0.0',
  title: 'Shop',
  purpose: 'Sells.',
  operations: {
    look: query({
      summary: 'Look.',
      scope: 'shop/look',
      input: t.object({}),
      output: t.object({}),
      slo: { latency_ms_p99: 300 },
    }),
  },
});

const MINUTE_MS = 60_000;

/** A node on a clock of its own: each minute, so many calls of each kind. */
function started() {
  const meters = new CallMeters('call', [shop]);
  const meter = meters.of(shop.operations['look'] ?? expect.fail('there is no look'));
  const told: string[] = [];
  let now_ms = 0;
  const burn = new Burn(meters, now_ms);
  const board = new AlertBoard(
    [],
    () => now_ms,
    ({ id, state }) => told.push(`${id} ${state}`),
  );
  const minutes = (count: number, { ok = 0, failed = 0, refused = 0, slow = 0 }) => {
    for (let minute = 0; minute < count; minute++) {
      for (let n = 0; n < ok; n++) meter.observe('ok', 10);
      for (let n = 0; n < slow; n++) meter.observe('ok', 400);
      for (let n = 0; n < failed; n++) meter.observe('failed', 10);
      for (let n = 0; n < refused; n++) meter.observe('refused', 10);
      now_ms += MINUTE_MS;
      burn.look(now_ms);
      judgeObjectives(burn, board, now_ms);
    }
  };
  return { minutes, told, board };
}

describe('an error budget', () => {
  it('that burns fast fires at once, and is resolved when it stops', () => {
    const { minutes, told } = started();
    minutes(60, { ok: 100 });
    expect(told).toEqual([]);
    minutes(5, { ok: 60, failed: 40 });
    expect(told).toContain('slo/shop/fast FIRING');
    minutes(10, { ok: 100 });
    expect(told.at(-1)).toBe('slo/shop/fast RESOLVED');
    expect(told.filter((one) => one.startsWith('slo/shop/fast'))).toHaveLength(2);
  });

  it('that burns slowly fires as something for the day', () => {
    const { minutes, board } = started();
    minutes(400, { ok: 992, failed: 8 });
    expect(board.all().map(({ id, severity, state }) => [id, severity, state])).toEqual([
      ['slo/shop/slow', 'ticket', 'FIRING'],
    ]);
  });

  it('is not used up by what callers do wrong, nor by a few calls', () => {
    const { minutes, told } = started();
    minutes(60, { ok: 10, refused: 500 });
    expect(told).toEqual([]);
    const other = started();
    other.minutes(5, { failed: 2 });
    expect(other.told).toEqual([]);
  });
});

describe('a latency objective', () => {
  it('that one in twenty calls misses fires, and one in a hundred does not', () => {
    const { minutes, told } = started();
    minutes(40, { ok: 99, slow: 1 });
    expect(told).toEqual([]);
    minutes(40, { ok: 80, slow: 20 });
    expect(told).toEqual(['slo/shop/latency FIRING']);
  });
});

describe('what a node depends on', () => {
  const health = (disk: 'up' | 'degraded'): Health => ({
    status: disk === 'up' ? 'healthy' : 'degraded',
    timestamp: '2026-01-01T00:00:00.000Z',
    version: '1.0.0',
    dependencies: { disk: { status: disk, latency: 1, lastCheck: '2026-01-01T00:00:00.000Z' } },
    metrics: { uptime: 1, requestCount: 0, errorRate: 0, avgResponseTime: 0 },
  });

  it('fires while it is not as it should be; a change is told once', () => {
    const told: string[] = [];
    const board = new AlertBoard(
      [],
      () => 0,
      ({ id, state }) => told.push(`${id} ${state}`),
    );
    for (const disk of ['up', 'degraded', 'degraded', 'up', 'up'] as const)
      judgeHealth(health(disk), board);
    expect(told).toEqual(['dependency/disk FIRING', 'dependency/disk RESOLVED']);
  });
});

describe('the board of alerts', () => {
  const about = { id: 'a', severity: 'page' as const, summary: 'A.' };

  it('knows after a restart what fired before, and is not told of it again', () => {
    const told: Alert[] = [];
    const before: Alert = { ...about, state: 'FIRING', since_ms: 7 };
    const board = new AlertBoard(
      [before],
      () => 9,
      (alert) => told.push(alert),
    );
    board.set(about, true);
    expect(told).toEqual([]);
    board.set(about, false);
    expect(told).toMatchObject([{ state: 'RESOLVED', since_ms: 9 }]);
  });

  it('forgets what was resolved first when it holds a thousand', () => {
    const board = new AlertBoard(
      [],
      () => 0,
      () => undefined,
    );
    for (let n = 0; n < 1_005; n++) board.set({ ...about, id: `a${n}` }, true);
    for (let n = 0; n < 20; n++) board.set({ ...about, id: `a${n + 500}` }, false);
    board.set({ ...about, id: 'last' }, true);
    const all = board.all();
    expect(all).toHaveLength(1_000);
    expect(all.some(({ id }) => id === 'last')).toBe(true);
    expect(all.some(({ id }) => id === 'a500')).toBe(false);
  });
});
