import type { OutputOf } from '@anarq/common-schemas';
import { squid } from '@anarq/squid/contract';
import { operatorClient } from '../connection.ts';
import { columns, paint, say, tick } from '../terminal.ts';

interface Options {
  readonly data: string;
  readonly json?: boolean;
}

type Stopped = OutputOf<typeof squid.stop>;

const SHOWN_MAX = 20;

/** Stops an identity with everything that it has under way, and tells what stays. */
export async function stop(who: string, options: Options): Promise<void> {
  const { client } = await operatorClient(options.data, [squid]);
  const begun = performance.now();
  const stopped = await client.call(squid.stop, { who });
  const took_ms = Math.round(performance.now() - begun);
  if (options.json === true) return say(JSON.stringify({ ok: true, took_ms, ...stopped }));
  say(`${tick} ${paint.bold(who)} is stopped  ${paint.dim(`${took_ms} ms after the request`)}`);
  tell(stopped);
  say(`  go on    ./q start ${who}`);
}

/** Lets it act again; what a stop ended stays ended. */
export async function start(who: string, options: Options): Promise<void> {
  const { client } = await operatorClient(options.data, [squid]);
  const resumed = await client.call(squid.start, { who });
  if (options.json === true) return say(JSON.stringify({ ok: true, ...resumed }));
  say(`${tick} ${paint.bold(who)} may act again  ${paint.dim(resumed.did)}`);
  say('  Its grants hold again. Its sessions and tokens have ended: give it a new token with');
  say(`  ./q agent token ${who.startsWith('did:') ? 'NAME' : who}`);
}

function tell({ did, stopped, needAttention, settled }: Stopped): void {
  say(`  identity ${did}`);
  const { sessions, tokens, processes } = stopped;
  say(`  ended    ${count(sessions, 'session')}, ${count(tokens, 'token')}`);
  say(`  stopped  ${count(processes, 'process', 'processes')}; what they had done is undone`);
  for (const line of columns(
    stopped.list
      .slice(0, SHOWN_MAX)
      .map((one) => [`    ${one.operation}`, one.kind, `./q processes show ${one.processId}`]),
  ))
    say(line);
  for (const { operation, processId } of needAttention.slice(0, SHOWN_MAX))
    say(`  ${paint.red('needs you')}  ${operation}  ./q processes show ${processId}`);
  const { list, more, since } = settled;
  const some = more ? ' or more' : '';
  say(`  settled  ${count(list.length, 'call')}${some} since ${since}; they stay as they are`);
  for (const line of columns(
    list
      .slice(0, SHOWN_MAX)
      .map((one) => [
        `    ${one.operation}`,
        one.cost === undefined ? '' : `${one.cost.amount} ${one.cost.unit}`,
        one.record,
      ]),
  ))
    say(line);
  if (list.length > SHOWN_MAX) say(paint.dim(`    and ${list.length - SHOWN_MAX} more (--json)`));
}

const count = (number: number, one: string, many = `${one}s`): string =>
  `${number} ${number === 1 ? one : many}`;
