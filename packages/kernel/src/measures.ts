import type { Bus } from '@anarq/bus';
import type { Store } from '@anarq/store';
import type { Sample, Telemetry } from '@anarq/telemetry';
import type { LinkState } from './apart/remote.ts';
import type { KernelParts } from './parts.ts';

const STORE_BORDERS_S = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 5];
const AGE_UNKNOWN = 0;

/** The same store, with its reads and commits timed. */
export function timedStore(store: Store, telemetry: Telemetry): Store {
  const help = 'Time from the call of the store to its answer.';
  const source = { name: 'q_store_duration_seconds', help, labels: ['kind'] };
  const reads = telemetry.gauges.histogram(source, { kind: 'read' }, STORE_BORDERS_S);
  const commits = telemetry.gauges.histogram(source, { kind: 'commit' }, STORE_BORDERS_S);
  return {
    read: async (...query) => {
      const begun_ms = performance.now();
      const rows = await store.read(...query);
      reads.observe((performance.now() - begun_ms) / 1_000);
      return rows;
    },
    commit: async (batch) => {
      const begun_ms = performance.now();
      const results = await store.commit(batch);
      commits.observe((performance.now() - begun_ms) / 1_000);
      return results;
    },
    migrate: (module, migrations) => store.migrate(module, migrations),
    stats: () => store.stats(),
    check: () => store.check(),
    close: () => store.close(),
  };
}

/** What is measured of the parts of a kernel whenever somebody asks. */
export function measureKernel(parts: KernelParts, bus: Bus, now_ms: () => number): void {
  measureStore(parts);
  measureLog(parts, now_ms);
  measureBus(parts, bus, now_ms);
  measureWork(parts);
  measureRemotes(parts);
}

const one = (value: number): Sample[] => [{ value }];

function measureStore({ telemetry: { gauges }, store }: KernelParts): void {
  gauges.gauge({ name: 'q_store_queue_commits', help: 'Commits that wait for their answer.' }, () =>
    one(store.stats().queue_depth),
  );
  gauges.counter({ name: 'q_store_commits_total', help: 'Commits acknowledged.' }, () =>
    one(store.stats().commits),
  );
  gauges.counter({ name: 'q_store_refused_commits_total', help: 'Commits refused.' }, () =>
    one(store.stats().rejected),
  );
  gauges.counter(
    {
      name: 'q_store_transactions_total',
      help: 'Transactions that carried the commits, each at most one sync of the disk.',
    },
    () => one(store.stats().batches),
  );
  gauges.gauge(
    { name: 'q_store_largest_group_commits', help: 'Commits of the largest transaction.' },
    () => one(store.stats().largest_group),
  );
}

function measureLog(
  { telemetry: { gauges }, store, services }: KernelParts,
  now_ms: () => number,
): void {
  gauges.gauge({ name: 'q_log_tree_records', help: 'Records in the signed tree.' }, () =>
    one(services.log.checkpoint().size),
  );
  const waiting = 'FROM log_record WHERE seq > (SELECT last_seq FROM log_checkpoint)';
  gauges.gauge(
    { name: 'q_log_waiting_records', help: 'Records that are not in the signed tree yet.' },
    async () => one(Number((await store.read(`SELECT COUNT(*) AS n ${waiting}`))[0]?.['n'])),
  );
  gauges.gauge(
    { name: 'q_log_lag_seconds', help: 'Age of the oldest record not in the signed tree.' },
    async () => {
      const [row] = await store.read(`SELECT MIN(at_ms) AS at_ms ${waiting}`);
      return one(age_s(row?.['at_ms'], now_ms()));
    },
  );
}

function measureBus(
  { telemetry: { gauges }, store }: KernelParts,
  bus: Bus,
  now_ms: () => number,
): void {
  const labels = ['consumer'];
  const each = async (value: (lag: Awaited<ReturnType<Bus['lags']>>[number]) => number) =>
    (await bus.lags()).map((lag) => ({ labels: { consumer: lag.consumer }, value: value(lag) }));
  gauges.gauge(
    { name: 'q_bus_backlog_events', help: 'Events after where a consumer stands.', labels },
    () => each(({ events }) => events),
  );
  gauges.gauge(
    { name: 'q_bus_backlog_age_seconds', help: 'Age of the oldest of them.', labels },
    () => each(({ oldest_ms }) => age_s(oldest_ms, now_ms())),
  );
  gauges.gauge(
    { name: 'q_bus_dead_letters', help: 'Events that a consumer failed on for good.', labels },
    async () =>
      (
        await store.read('SELECT consumer, COUNT(*) AS n FROM bus_dead GROUP BY consumer LIMIT 100')
      ).map((row) => ({
        labels: { consumer: String(row['consumer']) },
        value: Number(row['n']),
      })),
  );
}

/** Processes by state, timers, and grants kept ready. */
function measureWork({ telemetry: { gauges }, store, services }: KernelParts): void {
  gauges.gauge(
    { name: 'q_processes', help: 'Processes that have not ended, by state.', labels: ['state'] },
    async () => {
      const rows = await store.read(
        `SELECT state, COUNT(*) AS n FROM kernel_process
         WHERE state IN ('RUNNING', 'NEEDS_ATTENTION') GROUP BY state`,
      );
      const count = new Map(rows.map((row) => [row['state'], Number(row['n'])]));
      return ['RUNNING', 'NEEDS_ATTENTION'].map((state) => ({
        labels: { state },
        value: count.get(state) ?? 0,
      }));
    },
  );
  gauges.gauge({ name: 'q_timers', help: 'Timers that wait for their instant.' }, async () =>
    one(Number((await store.read('SELECT COUNT(*) AS n FROM kernel_timer'))[0]?.['n'])),
  );
  gauges.gauge(
    { name: 'q_grants_in_force', help: 'Grants in force that are kept ready in memory.' },
    () => one(services.grants.size),
  );
}

const BREAKER_VALUE = { closed: 0, 'half-open': 1, open: 2 } as const;

/** How other processes of the node are called: breaker, share of what may be under way, repetitions. */
function measureRemotes({ telemetry: { gauges }, remote }: KernelParts): void {
  if (remote === undefined) return;
  const labels = ['target'];
  const each = (value: (link: LinkState) => number) => () =>
    remote.places().map(({ url, link }) => ({ labels: { target: url }, value: value(link()) }));
  gauges.gauge(
    {
      name: 'q_remote_breaker_state',
      help: 'Whether another process is called: 0 as usual, 1 as a trial, 2 not for a while.',
      labels,
    },
    each(({ breaker }) => BREAKER_VALUE[breaker]),
  );
  gauges.gauge(
    { name: 'q_remote_calls_running', help: 'Calls under way at another process.', labels },
    each(({ running }) => running),
  );
  gauges.gauge(
    { name: 'q_remote_calls_running_max', help: 'How many may be under way.', labels },
    each(({ running_max }) => running_max),
  );
  gauges.gauge(
    { name: 'q_remote_calls_waiting', help: 'Calls that wait for their turn.', labels },
    each(({ waiting }) => waiting),
  );
  gauges.counter(
    { name: 'q_remote_retries_total', help: 'Attempts beyond the first of a call.', labels },
    each(({ retries }) => retries),
  );
  gauges.counter(
    {
      name: 'q_remote_breaker_opened_total',
      help: 'How often another process failed so often that it was spared.',
      labels,
    },
    each(({ opened }) => opened),
  );
  gauges.counter(
    {
      name: 'q_remote_calls_refused_total',
      help: 'Calls refused because it is spared, or because too many wait.',
      labels,
    },
    each(({ refused }) => refused),
  );
}

const age_s = (at_ms: unknown, now_ms: number): number =>
  typeof at_ms === 'number' ? Math.max(0, now_ms - at_ms) / 1_000 : AGE_UNKNOWN;
