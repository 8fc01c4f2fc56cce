import type { OutputOf } from '@anarq/common-schemas';
import { node } from '@anarq/node-module/contract';
import { operatorClient } from '../connection.ts';
import { columns, cross, paint, say, tick } from '../terminal.ts';

type Status = OutputOf<typeof node.status>;

/** How the running node is: health, alerts, and what was measured against what was promised. */
export async function status(options: {
  readonly data: string;
  readonly json?: boolean;
}): Promise<void> {
  const { client, address } = await operatorClient(options.data, [node]);
  const found = await client.call(node.status, {});
  if (options.json === true) say(JSON.stringify(found));
  else tell(found, address.url);
  if (found.status === 'unhealthy') process.exitCode = 1;
}

function tell(found: Status, url: string): void {
  const mark =
    found.status === 'healthy' ? tick : found.status === 'degraded' ? paint.yellow('!') : cross;
  say(`${mark} ${paint.bold(found.status)}  ${url}  up ${uptimeText(found.uptime_s)}`);
  for (const line of columns(
    found.dependencies.map((one) => [
      one.status === 'up' ? `  ${tick}` : `  ${cross}`,
      one.name,
      one.status,
      paint.dim(`${one.latency_ms.toFixed(1)} ms`),
    ]),
  ))
    say(line);
  tellRemotes(found.remotes);
  tellAlerts(found.alerts.filter(({ state }) => state === 'FIRING'));
  tellObjectives(found.objectives);
}

/** Other processes of the node: whether they are called, and what is under way there. */
function tellRemotes(remotes: Status['remotes']): void {
  if (remotes.length === 0) return;
  say();
  for (const line of columns(
    remotes.map((one) => [
      one.breaker === 'open'
        ? `  ${cross}`
        : one.breaker === 'closed'
          ? `  ${tick}`
          : paint.yellow('  !'),
      one.modules.join('+'),
      one.target,
      `breaker ${one.breaker}`,
      `${one.running}/${one.running_max} under way, ${one.waiting} wait`,
      paint.dim(`${one.retries} retries, ${one.refused} refused`),
    ]),
  ))
    say(line);
}

function tellAlerts(firing: Status['alerts']): void {
  say();
  if (firing.length === 0) return say('No alert fires.');
  for (const { severity, summary, since, alertId } of firing) {
    const mark = severity === 'page' ? cross : paint.yellow('!');
    say(`${mark} ${summary}  ${paint.dim(`${alertId}, since ${since}`)}`);
  }
}

function tellObjectives(objectives: Status['objectives']): void {
  say();
  if (objectives.length === 0) return say('Nothing was called yet.');
  say(paint.dim('Measured since the start; the share of successful calls within p50, p95 and p99'));
  const rows = objectives.map((one) => [
    one.operation,
    String(one.calls),
    shareText(one.availability, one.availabilityTarget),
    shareText(one.within.p50, 0.5),
    shareText(one.within.p95, 0.95),
    shareText(one.within.p99, 0.99),
    paint.dim(`${one.objectives_ms.p50} / ${one.objectives_ms.p95} / ${one.objectives_ms.p99} ms`),
  ]);
  for (const line of columns([
    ['operation', 'calls', 'available', 'p50', 'p95', 'p99', 'objectives'].map((head) =>
      paint.dim(head),
    ),
    ...rows,
  ]))
    say(line);
}

function shareText(share: number, target: number): string {
  const text = `${(share * 100).toFixed(share >= 0.999 && share < 1 ? 3 : 1)} %`;
  return share >= target ? text : paint.yellow(text);
}

function uptimeText(seconds: number): string {
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3_600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  if (days > 0) return `${days} d ${hours} h`;
  return hours > 0 ? `${hours} h ${minutes} min` : minutes > 0 ? `${minutes} min` : `${seconds} s`;
}
