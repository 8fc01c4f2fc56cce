import {
  AVAILABILITY_TARGET,
  latencyBorders_ms,
  type AnyContract,
  type AnyOperation,
} from '@anarq/common-schemas';
import { code, codes, table } from './markdown.ts';
import { jsonText, markdownNote } from './notes.ts';
import { isWrite } from './words.ts';

const recorded = (op: AnyOperation): string =>
  isWrite(op) ? 'each call, in its commit' : op.personal ? 'each call, in batches' : 'denials only';

/** observability/audit.md: what the audit log holds of each operation, and for how long. */
export function auditSpecification(contract: AnyContract): string {
  const retention = Object.entries(contract.policies.retention ?? {});
  return [
    markdownNote,
    `# Audit of ${contract.title}\n\n`,
    'A record names the caller, the identity it acted for, the operation and its version, the digest of\n',
    'the input, the verdict with its why, what was spent, the events sent, and the time. It is sealed\n',
    'with a key of its own; its CID enters the transparency log, and the answer carries it.\n\n',
    table(
      ['Operation', 'Recorded', 'Record kept readable for', 'Events'],
      Object.values(contract.operations).map((op) => [
        code(op.id),
        recorded(op),
        'the parties, and the holder of legal retention',
        codes(op.emits),
      ]),
    ),
    '\nDenials are recorded in batches and counted per identity and code, so that a flood of denials is\n',
    'not a flood of writes. A record that was erased leaves its proof in the log.\n\n',
    '## Retention\n\n',
    'What the module promises to keep at least; nothing is ended by itself yet.\n\n',
    retention.length === 0
      ? 'No resource of this module has an end of its own; records stay with the log.\n'
      : table(
          ['Resource', 'Kept', 'Then'],
          retention.map(([type, rule]) => [code(type), rule.period, rule.atEnd]),
        ),
  ].join('');
}

/** observability/metrics.json: names, labels and buckets of the metrics, and the objectives. */
export const metrics = (contract: AnyContract): string =>
  jsonText({
    module: contract.name,
    version: contract.version,
    metrics: [
      {
        name: 'q_calls_total',
        type: 'counter',
        help: 'Calls answered.',
        labels: ['module', 'operation', 'outcome'],
      },
      {
        name: 'q_call_duration_seconds',
        type: 'histogram',
        help: 'Time from arrival to answer.',
        labels: ['module', 'operation', 'outcome'],
        buckets_s: latencyBorders_ms(contract).map((ms) => ms / 1_000),
      },
      ...contract.metrics.map(({ name, kind, help, labels, borders }) => ({
        name,
        type: kind,
        help,
        labels,
        ...(borders.length === 0 ? {} : { buckets: borders }),
      })),
    ],
    slo: {
      availability: AVAILABILITY_TARGET,
      operations: Object.fromEntries(
        Object.values(contract.operations).map((op) => [op.id, { ...op.slo }]),
      ),
    },
  });
