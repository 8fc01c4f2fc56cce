import { AVAILABILITY_TARGET, type AnyContract } from '@anarq/common-schemas';
import { yamlText } from './moduleFiles.ts';
import { jsonText } from './notes.ts';

/** What Prometheus and Grafana are given to watch a node, by path in the repository. */
export const watchingFiles = (contracts: readonly AnyContract[]): Map<string, string> =>
  new Map([
    ['deploy/prometheus/q-node.rules.yml', alertRules(contracts)],
    ['deploy/grafana/q-node.json', dashboard(contracts)],
  ]);

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: 'page' | 'ticket' };
  readonly annotations: { readonly summary: string };
}

const rule = (
  alert: string,
  severity: 'page' | 'ticket',
  expr: string,
  summary: string,
  held?: string,
): Rule => ({
  alert,
  expr,
  ...(held === undefined ? {} : { for: held }),
  labels: { severity },
  annotations: { summary },
});

function alertRules(contracts: readonly AnyContract[]): string {
  return yamlText({
    groups: [
      {
        name: 'q-error-budget',
        rules: [burn(14.4, '1h', '5m', 'page'), burn(6, '6h', '30m', 'ticket')],
      },
      { name: 'q-latency', rules: contracts.flatMap(latencyRules) },
      { name: 'q-node', rules: NODE_RULES },
    ],
  });
}

/** Two windows: the long one says that it matters, the short one that it still goes on. */
function burn(times: number, long: string, short: string, severity: 'page' | 'ticket'): Rule {
  const budget = Number((1 - AVAILABILITY_TARGET).toFixed(6));
  const share = (window: string) =>
    `sum by (module) (rate(q_calls_total{outcome=~"failed|unavailable"}[${window}])) / sum by (module) (rate(q_calls_total[${window}]))`;
  return rule(
    severity === 'page' ? 'QErrorBudgetBurnsFast' : 'QErrorBudgetBurns',
    severity,
    `(${share(long)}) > ${times} * ${budget} and (${share(short)}) > ${times} * ${budget}`,
    `{{ $labels.module }} fails calls ${times} times faster than its objective allows.`,
  );
}

/** One rule for the operations of a module that share an objective. */
function latencyRules(contract: AnyContract): Rule[] {
  const byObjective = Map.groupBy(
    Object.values(contract.operations),
    ({ slo }) => slo.latency_ms_p99,
  );
  return [...byObjective]
    .toSorted(([a], [b]) => a - b)
    .map(([objective_ms, operations]) => {
      const names = operations.map(({ name }) => name.replaceAll('.', '\\\\.')).join('|');
      const of = `module="${contract.name}",operation=~"${names}",outcome="ok"`;
      // Prometheus 3 writes the border 1 as 1.0.
      const border = `${String(objective_ms / 1_000).replace('.', '\\\\.')}(\\\\.0)?`;
      const fast = `sum by (operation) (rate(q_call_duration_seconds_bucket{${of},le=~"${border}"}[30m]))`;
      const all = `sum by (operation) (rate(q_call_duration_seconds_count{${of}}[30m]))`;
      return rule(
        'QSlowerThanPromised',
        'ticket',
        `1 - ${fast} / ${all} > 0.05 and ${all} > 0.05`,
        `More than 5 % of the calls of ${contract.name}.{{ $labels.operation }} take longer than ${objective_ms} ms.`,
        '5m',
      );
    });
}

const NODE_RULES: readonly Rule[] = [
  rule(
    'QProcessNeedsAttention',
    'page',
    'q_processes{state="NEEDS_ATTENTION"} > 0',
    'A process cannot go on by itself.',
  ),
  rule(
    'QDiskNearlyFull',
    'ticket',
    'q_disk_free_bytes < 1073741824',
    'Less than 1 GiB is free under the data of the node; a full disk stops every write.',
    '5m',
  ),
  rule(
    'QLogLags',
    'ticket',
    'q_log_lag_seconds > 60',
    'Records wait for more than a minute to enter the log.',
  ),
  rule(
    'QEventsWait',
    'ticket',
    'q_bus_backlog_age_seconds > 60',
    'Events wait for more than a minute for {{ $labels.consumer }}.',
  ),
  rule(
    'QDeadLetters',
    'ticket',
    'q_bus_dead_letters > 0',
    '{{ $labels.consumer }} set events aside.',
  ),
  rule(
    'QCommitsQueue',
    'page',
    'q_store_queue_commits > 5000',
    'Half of the commits that may wait are waiting.',
    '1m',
  ),
  rule(
    'QCircuitRunsFail',
    'ticket',
    'sum(rate(q_quantum_runs_total{outcome="failed"}[30m])) / sum(rate(q_quantum_runs_total{outcome=~"done|failed"}[30m])) > 0.1',
    'More than a tenth of the runs of circuits that were begun fail.',
    '10m',
  ),
  rule(
    'QNodeAlert',
    'page',
    'q_alerts{severity="page"} > 0',
    'The node itself reports an alert: ./q status',
  ),
];

interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly queries: readonly (readonly [expr: string, legend: string])[];
}

const PANELS: readonly Panel[] = [
  {
    title: 'Calls by module',
    unit: 'reqps',
    queries: [['sum by (module) (rate(q_calls_total[$__rate_interval]))', '{{module}}']],
  },
  {
    title: 'Outcomes that are no success',
    unit: 'reqps',
    queries: [
      ['sum by (outcome) (rate(q_calls_total{outcome!="ok"}[$__rate_interval]))', '{{outcome}}'],
    ],
  },
  {
    title: 'Error budget used, times sustainable',
    unit: 'short',
    queries: [
      [
        `(sum by (module) (rate(q_calls_total{outcome=~"failed|unavailable"}[1h])) / sum by (module) (rate(q_calls_total[1h]))) / ${Number((1 - AVAILABILITY_TARGET).toFixed(6))}`,
        '{{module}}',
      ],
    ],
  },
  {
    title: 'Time of successful calls',
    unit: 's',
    queries: ['0.5', '0.95', '0.99'].map((q) => [
      `histogram_quantile(${q}, sum by (le) (rate(q_call_duration_seconds_bucket{outcome="ok"}[$__rate_interval])))`,
      `p${Number(q) * 100}`,
    ]),
  },
  {
    title: 'Time of the store',
    unit: 's',
    queries: [
      [
        'histogram_quantile(0.95, sum by (le, kind) (rate(q_store_duration_seconds_bucket[$__rate_interval])))',
        'p95 {{kind}}',
      ],
    ],
  },
  {
    title: 'Commits and transactions',
    unit: 'cps',
    queries: [
      ['rate(q_store_commits_total[$__rate_interval])', 'commits'],
      ['rate(q_store_transactions_total[$__rate_interval])', 'transactions'],
      ['q_store_queue_commits', 'waiting'],
    ],
  },
  {
    title: 'Events by topic',
    unit: 'cps',
    queries: [['sum by (topic) (rate(q_events_total[$__rate_interval]))', '{{topic}}']],
  },
  {
    title: 'What waits',
    unit: 'short',
    queries: [
      ['q_log_waiting_records', 'records for the log'],
      ['q_bus_backlog_events', 'events for {{consumer}}'],
      ['q_processes', 'processes {{state}}'],
    ],
  },
  {
    title: 'HTTP answers and bytes',
    unit: 'reqps',
    queries: [['sum by (status) (rate(q_http_responses_total[$__rate_interval]))', '{{status}}']],
  },
  {
    title: 'Process',
    unit: 'short',
    queries: [
      ['rate(process_cpu_seconds_total[$__rate_interval])', 'CPUs'],
      ['nodejs_eventloop_lag_p99_seconds', 'event loop delay p99 (s)'],
    ],
  },
  {
    title: 'Memory and disk',
    unit: 'bytes',
    queries: [
      ['process_resident_memory_bytes', 'memory'],
      ['q_disk_free_bytes', 'free on the disk'],
    ],
  },
];

/** One panel for each metric of a module's own. */
const panelsOf = ({ title, metrics }: AnyContract): Panel[] =>
  metrics.map(({ kind, name, help, labels }) => {
    const by = Object.keys(labels);
    const legend = by.map((label) => `{{${label}}}`).join(' ');
    return {
      title: `${title}: ${help.replace(/\.$/, '')}`,
      unit: kind === 'counter' ? 'cps' : name.endsWith('_bytes') ? 'bytes' : 's',
      queries:
        kind === 'counter'
          ? [[`sum by (${by.join(', ')}) (rate(${name}[$__rate_interval]))`, legend]]
          : ['0.5', '0.95'].map((q) => [
              `histogram_quantile(${q}, sum by (${['le', ...by].join(', ')}) (rate(${name}_bucket[$__rate_interval])))`,
              `p${Number(q) * 100} ${legend}`.trim(),
            ]),
    };
  });

const PER_ROW = 2;
const [WIDTH, HEIGHT] = [12, 8];

/** A dashboard as Grafana imports it; it asks for the data source when it is. */
function dashboard(contracts: readonly AnyContract[]): string {
  const datasource = { type: 'prometheus', uid: '${datasource}' };
  return jsonText({
    title: 'Q∞ node',
    uid: 'q-node',
    schemaVersion: 39,
    tags: ['q'],
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    templating: {
      list: [{ name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Data source' }],
    },
    panels: [...PANELS, ...contracts.flatMap(panelsOf)].map(({ title, unit, queries }, at) => ({
      id: at + 1,
      title,
      type: 'timeseries',
      datasource,
      gridPos: {
        x: (at % PER_ROW) * WIDTH,
        y: Math.floor(at / PER_ROW) * HEIGHT,
        w: WIDTH,
        h: HEIGHT,
      },
      fieldConfig: { defaults: { unit }, overrides: [] },
      targets: queries.map(([expr, legendFormat], place) => ({
        refId: String.fromCharCode(65 + place),
        datasource,
        expr,
        legendFormat,
      })),
    })),
  });
}
