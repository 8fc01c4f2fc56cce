import { cpus } from 'node:os';
import { figure, percentile, type Figure } from '../measuring/figures.ts';
import type { ClusterLoad } from './cluster.ts';
import type { Shape } from './shapes.ts';

/** What stands beside every figure: what limits is the machine that all validators share. */
export const conditionsOf = (validators: number): string =>
  `${validators} processes on ${cpus().length} cores that they share, TCP and TLS 1.3 on loopback, ML-DSA-65, ` +
  `own blocks synced before they are said, rounds of at least 50 ms; the cores are what limits`;

/** The figures of one way to hand in transactions. */
export function figuresOf(
  validators: number,
  shape: Shape,
  loads: readonly ClusterLoad[],
): Figure[] {
  const atOnce = shape.lanes * shape.depth * shape.together;
  const conditions = `${conditionsOf(validators)}; closed loop, ${atOnce} transactions at a time at each`;
  const of = (
    name: string,
    unit: string,
    value: (load: ClusterLoad) => number,
    target?: Figure['target'],
  ): Figure =>
    figure({
      name: `${validators} validators, ${shape.name}: ${name}`,
      unit,
      values: loads.map(value),
      conditions,
      ...(target === undefined ? {} : { target }),
    });
  const each = ({ transactions }: ClusterLoad): number => transactions * validators;
  return [
    of('transactions', '/s', (load) => (1_000 * load.transactions) / load.duration_ms),
    of('commit p50', 'ms', ({ commit_ms }) => percentile(commit_ms, 0.5)),
    of('commit p99', 'ms', ({ commit_ms }) => percentile(commit_ms, 0.99)),
    of('finality p50', 'ms', ({ finality_ms }) => percentile(finality_ms, 0.5)),
    of('finality p99', 'ms', ({ finality_ms }) => percentile(finality_ms, 0.99)),
    of('sent by each, a transaction', 'bytes', (load) => load.sent_bytes / each(load)),
    of('blocks sent again, of those said', 'bytes/byte', ({ again }) => again),
    of('CPU of each, a transaction', 'µs', (load) => load.cpu_us / each(load)),
  ];
}
