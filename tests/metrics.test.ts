import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNode, type RunningNode } from '@anarq/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** What a node counts, as Prometheus reads it, and who is shown it. */
let folder: string;
let node: RunningNode;

/** Names that are themselves what is counted. */
const COUNTS = new Set(['q_processes', 'q_timers', 'q_alerts']);

const start = (name: string, options: { hostNames?: readonly string[] } = {}) =>
  startNode({
    dataFolder: join(folder, name, 'data'),
    keysFolder: join(folder, name, 'keys'),
    port: 0,
    version: '1.2.3-metrics',
    ...options,
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'q-metrics-'));
  node = await start('one');
});
afterAll(async () => {
  await node.close();
  await rm(folder, { recursive: true, force: true });
});

async function scrape(url = node.url, headers: Record<string, string> = {}) {
  const response = await fetch(`${url}/metrics`, { headers });
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    text: await response.text(),
  };
}

/** The value of a sample: its name and labels as they stand in the text. */
function valueOf(text: string, sample: string): number {
  const line = text.split('\n').find((each) => each.startsWith(`${sample} `));
  return line === undefined ? Number.NaN : Number(line.slice(sample.length + 1));
}

describe('the metrics of a node', () => {
  it('count each call by module, operation and class of outcome, with its time', async () => {
    const before = (await scrape()).text;
    const ok = '{module="qerberos",operation="checkpoint",outcome="ok"}';
    const refused = '{module="qindex",operation="get",outcome="refused"}';
    expect((await fetch(`${node.url}/qerberos/checkpoint`)).status).toBe(200);
    expect((await fetch(`${node.url}/qindex/records/rec_1`)).status).toBe(401);
    const { text, type } = await scrape();
    expect(type).toBe('text/plain; version=0.0.4; charset=utf-8');
    for (const labels of [ok, refused])
      expect(valueOf(text, `q_calls_total${labels}`)).toBe(
        valueOf(before, `q_calls_total${labels}`) + 1,
      );
    expect(valueOf(text, `q_call_duration_seconds_count${ok}`)).toBe(
      valueOf(text, `q_calls_total${ok}`),
    );
  });

  it('have a bucket border for each objective of each operation', async () => {
    const { text } = await scrape();
    const op = node.kernel.contracts.find(({ name }) => name === 'qerberos')?.operations[
      'checkpoint'
    ];
    const borders = Object.values(op?.slo ?? {});
    expect(borders.length).toBeGreaterThan(0);
    for (const border_ms of borders)
      expect(text).toContain(
        `q_call_duration_seconds_bucket{module="qerberos",operation="checkpoint",outcome="ok",le="${border_ms / 1_000}"}`,
      );
  });

  it('tell of store, log, bus, processes, grants, disk, and the process itself', async () => {
    const { text } = await scrape();
    expect(valueOf(text, 'q_store_commits_total')).toBeGreaterThan(0);
    expect(valueOf(text, 'q_store_queue_commits')).toBeGreaterThanOrEqual(0);
    expect(valueOf(text, 'q_store_duration_seconds_count{kind="read"}')).toBeGreaterThan(0);
    expect(valueOf(text, 'q_log_lag_seconds')).toBeGreaterThanOrEqual(0);
    expect(valueOf(text, 'q_processes{state="NEEDS_ATTENTION"}')).toBe(0);
    expect(valueOf(text, 'q_grants_in_force')).toBe(node.kernel.services.grants.size);
    expect(valueOf(text, 'q_disk_free_bytes')).toBeGreaterThan(0);
    expect(valueOf(text, 'process_resident_memory_bytes')).toBeGreaterThan(0);
    expect(valueOf(text, 'process_cpu_seconds_total')).toBeGreaterThan(0);
    expect(text).toContain('nodejs_eventloop_lag_seconds');
  });

  it('name their units, and have one head for each name', async () => {
    const { text } = await scrape();
    const heads = text.split('\n').filter((line) => line.startsWith('# TYPE q_'));
    const names = heads.map((line) => line.split(' ')[2] ?? '');
    expect(new Set(names).size).toBe(names.length);
    const units =
      /_(total|seconds|bytes|commits|records|events|letters|processes|force|ratio|state|calls)$/;
    expect(names.filter((name) => !units.test(name) && !COUNTS.has(name))).toEqual([]);
    for (const line of text.split('\n'))
      expect(line).toMatch(
        /^(|# (HELP|TYPE) .+|[a-zA-Z_:][a-zA-Z0-9_:]*(\{[^{}]*\})? (-?[\d.e+-]+|NaN|[+-]Inf))$/,
      );
  });

  it('are shown to this machine; behind a proxy to whoever has the token', async () => {
    const proxied = await start('two', { hostNames: ['q.example'] });
    try {
      const token = await readFile(join(folder, 'two', 'keys', 'metrics.token'), 'utf8');
      expect((await scrape(proxied.url)).status).toBe(401);
      const wrong = { authorization: 'Bearer ' + 'x'.repeat(token.trim().length) };
      expect((await scrape(proxied.url, wrong)).status).toBe(401);
      const right = { authorization: `Bearer ${token.trim()}` };
      expect((await scrape(proxied.url, right)).status).toBe(200);
    } finally {
      await proxied.close();
    }
  });
});
