import { AVAILABILITY_TARGET, fail } from '@anarq/common-schemas';
import type { Migration, Row, Statement } from '@anarq/store';
import {
  AlertBoard,
  Burn,
  judgeHealth,
  isProfiling,
  judgeObjectives,
  keepProfile,
  profileCpu,
  type Alert,
  type HealthMonitor,
  type HotFunction,
} from '@anarq/telemetry';
import { nodeEvent } from './nodeEvents.ts';
import type { NodeStatus, NodeWatching } from './nodeStatus.ts';
import type { KernelParts } from './parts.ts';

export const alertMigrations: readonly Migration[] = [
  {
    id: 1,
    sql: `CREATE TABLE kernel_alert (
      id TEXT PRIMARY KEY, severity TEXT NOT NULL, summary TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('FIRING', 'RESOLVED')), since_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;`,
  },
];

/** What is looked at; made after the watch itself, which it may ask. */
interface Watched {
  readonly parts: KernelParts;
  readonly monitor: HealthMonitor;
}

const LOOK_EVERY_MS = 15_000;
const KEPT_MAX = 1_000;
const OBJECTIVES_MAX = 1_000;

/**
 * Looks at the node now and then, and keeps which alerts fire: each change is a row, an event
 * `q.node.alert.v1` and a line of the log. While the store is away, changes wait for it.
 */
export class NodeWatch implements NodeWatching {
  readonly #of: () => Watched;
  readonly #now_ms: () => number;
  readonly #profiles: string | undefined;
  #board: AlertBoard | undefined;
  #burn: Burn | undefined;
  #unsaved: Alert[] = [];
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();

  /** @param profiles folder for profiles */
  constructor(of: () => Watched, now_ms: () => number, profiles?: string) {
    this.#of = of;
    this.#now_ms = now_ms;
    this.#profiles = profiles;
  }

  /** Reads what fired when the node ran last, and looks from now on. */
  async start(): Promise<void> {
    const { store, telemetry } = this.#of().parts;
    const rows = await store.read(
      'SELECT id, severity, summary, state, since_ms FROM kernel_alert ORDER BY since_ms DESC LIMIT :max',
      { max: KEPT_MAX },
    );
    const known = rows.map(alertOf).toReversed();
    this.#board = new AlertBoard(known, this.#now_ms, (alert) => this.#changed(alert));
    this.#burn = new Burn(telemetry.calls, performance.now());
    const look = () => {
      this.#looking = this.look().catch((error: unknown) =>
        this.#of().parts.onError(error, 'watch'),
      );
    };
    this.#timer = setInterval(look, LOOK_EVERY_MS).unref();
    telemetry.gauges.gauge(
      { name: 'q_alerts', help: 'Alerts that fire, by severity.', labels: ['severity'] },
      () =>
        ['page', 'ticket'].map((severity) => ({
          labels: { severity },
          value: this.#firing().filter((alert) => alert.severity === severity).length,
        })),
    );
  }

  /** Looks now. */
  async look(): Promise<void> {
    const [board, burn] = [this.#board, this.#burn];
    if (board === undefined || burn === undefined) return;
    burn.look(performance.now());
    judgeObjectives(burn, board, performance.now());
    judgeHealth(await this.#of().monitor.read(), board);
    await this.#lookAtProcesses(board);
    await this.#save();
  }

  /** Something that another part of the node found: a budget that is nearly used up, for example. */
  raise(about: Pick<Alert, 'id' | 'severity' | 'summary'>, isFiring: boolean): void {
    this.#board?.set(about, isFiring);
    void this.#save();
  }

  /**
   * Takes a profile of this process, and keeps it as a file.
   * @throws QError DEPENDENCY_MISSING where there is no folder for it, CALL_IN_PROGRESS while one is taken
   */
  async profile(
    seconds: number,
  ): Promise<{ readonly file: string; readonly hot: readonly HotFunction[] }> {
    const folder = this.#profiles;
    if (folder === undefined)
      return fail('DEPENDENCY_MISSING', 'This process has no folder for profiles.');
    if (isProfiling()) return fail('CALL_IN_PROGRESS', 'A profile is being taken already.');
    const { json, hot } = await profileCpu(seconds);
    const instant = new Date(this.#now_ms()).toISOString().replaceAll(/[:.]/g, '-');
    return { file: await keepProfile(folder, `${instant}.cpuprofile`, json), hot };
  }

  async status(): Promise<NodeStatus> {
    await this.look();
    const objectives = [...this.#of().parts.telemetry.calls.all()]
      .filter(({ calls }) => calls > 0)
      .slice(0, OBJECTIVES_MAX)
      .map((meter) => {
        const { latency_ms_p50, latency_ms_p95, latency_ms_p99 } = meter.op.slo;
        const ok = meter.count('ok');
        const share = (objective_ms: number) => (ok === 0 ? 1 : meter.okWithin(objective_ms) / ok);
        return {
          operation: meter.op.id,
          calls: meter.calls,
          availability: 1 - meter.faults / meter.calls,
          availabilityTarget: AVAILABILITY_TARGET,
          within: {
            p50: share(latency_ms_p50),
            p95: share(latency_ms_p95),
            p99: share(latency_ms_p99),
          },
          objectives_ms: { p50: latency_ms_p50, p95: latency_ms_p95, p99: latency_ms_p99 },
        };
      });
    const health = await this.#of().monitor.read();
    const remotes = (this.#of().parts.remote?.places() ?? []).map((place) => {
      const problem = place.problem();
      return {
        target: place.url,
        modules: place.modules,
        ...place.link(),
        ...(problem === undefined ? {} : { problem }),
      };
    });
    return { health, alerts: this.#board?.all() ?? [], objectives, remotes };
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
    await this.#save();
  }

  #firing(): Alert[] {
    return this.#board?.all().filter(({ state }) => state === 'FIRING') ?? [];
  }

  async #lookAtProcesses(board: AlertBoard): Promise<void> {
    const [row] = await this.#of()
      .parts.store.read(`SELECT COUNT(*) AS n FROM kernel_process WHERE state = 'NEEDS_ATTENTION'`)
      .catch(() => []);
    const summary = 'A process cannot go on by itself: ./q processes list --attention';
    const isWaiting = Number(row?.['n'] ?? 0) > 0;
    if (row !== undefined)
      board.set({ id: 'process/attention', severity: 'page', summary }, isWaiting);
  }

  #changed(alert: Alert): void {
    const { id, severity, state } = alert;
    this.#of().parts.telemetry.log?.event('alert', { alert: id, severity, state });
    this.#unsaved.push(alert);
  }

  async #save(): Promise<void> {
    const changed = this.#unsaved;
    this.#unsaved = [];
    if (changed.length === 0) return;
    const parts = this.#of().parts;
    try {
      await parts.store.commit(changed.flatMap((alert) => this.#statements(alert)));
      parts.wake();
    } catch {
      this.#unsaved = [...changed, ...this.#unsaved].slice(-KEPT_MAX);
    }
  }

  #statements(alert: Alert): Statement[] {
    const parts = this.#of().parts;
    const { id, severity, summary, state, since_ms } = alert;
    return [
      {
        name: 'alert',
        sql: `INSERT INTO kernel_alert (id, severity, summary, state, since_ms)
              VALUES (:id, :severity, :summary, :state, :since_ms)
              ON CONFLICT (id) DO UPDATE SET severity = :severity, summary = :summary,
                state = :state, since_ms = :since_ms`,
        params: { id, severity, summary, state, since_ms },
      },
      ...nodeEvent(parts, {
        topic: 'q.node.alert.v1',
        tenant: parts.services.node.tenant,
        subject: parts.services.node.operator,
        record: null,
        id: `alert.${id}.${since_ms}.${state}`,
        at_ms: since_ms,
        data: { alertId: id, severity, summary, state, at: new Date(since_ms).toISOString() },
      }),
    ];
  }
}

/** The checks of the table, and nobody else, fill these columns. */
const alertOf = (row: Row): Alert => ({
  id: String(row['id']),
  severity: row['severity'] === 'page' ? 'page' : 'ticket',
  summary: String(row['summary']),
  state: row['state'] === 'FIRING' ? 'FIRING' : 'RESOLVED',
  since_ms: Number(row['since_ms']),
});
