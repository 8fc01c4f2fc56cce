import { followEvents, keys, type NodeEvent } from '@anarq/common-clients';
import { node } from '@anarq/node-module/contract';
import { squid } from '@anarq/squid/contract';
import { operatorClient } from '../connection.ts';
import { paint, say, tick } from '../terminal.ts';

interface Options {
  readonly data: string;
  readonly json?: boolean;
}

interface EventsOptions extends Options {
  readonly topic?: readonly string[];
  readonly after?: string;
  readonly limit: number;
  readonly follow?: boolean;
}

/** What happened on the node: a page, or as it comes. */
export async function events(options: EventsOptions): Promise<void> {
  const { client, address, seed } = await operatorClient(options.data, [node]);
  const wanted = {
    all: true,
    ...(options.topic === undefined ? {} : { topics: [...options.topic] }),
    ...(options.after === undefined ? {} : { after: options.after }),
  };
  if (options.follow === true) {
    const credentials = keys({ did: address.operator, seed, nodeDid: address.node });
    const operation = node.readEvents;
    const stop = new AbortController();
    process.once('SIGINT', () => stop.abort());
    const order = { url: address.url, credentials, operation, contracts: [squid] };
    const stream = followEvents({ ...order, ...wanted, signal: stop.signal });
    for await (const { event, cursor } of stream) show(event, cursor, options);
    return;
  }
  const { items, next, more } = await client.call(node.readEvents, {
    ...wanted,
    limit: options.limit,
  });
  if (options.json === true) return say(JSON.stringify({ items, next, more }));
  if (items.length === 0) say('No such event.');
  for (const event of items) show(event, next, options);
  if (more) say(`more with  ./q events --after ${next}`);
}

type Shown = Pick<NodeEvent, 'time' | 'type' | 'data' | 'seq'> & {
  readonly subject?: string | undefined;
};

function show(event: Shown, cursor: string, { json }: Options): void {
  if (json === true) return say(JSON.stringify({ event, cursor }));
  const { time, type, subject = '', data, seq } = event;
  say(`${paint.dim(`${seq}`.padStart(6))}  ${time}  ${paint.bold(type)}  ${subject}`);
  say(`        ${JSON.stringify(data)}`);
}

/** Who reads events, and how far each is. */
export async function eventsConsumers(options: Options): Promise<void> {
  const { client } = await operatorClient(options.data, [node]);
  const { items } = await client.call(node.consumers, {});
  if (options.json === true) return say(JSON.stringify({ consumers: items }));
  if (items.length === 0) return say('Nobody reads events with a place of its own.');
  for (const { consumer, seq, behind, deadLetters, isRunning } of items) {
    say(`${paint.bold(consumer)}  at ${seq}, ${behind} behind${isRunning ? '' : ', not running'}`);
    if (deadLetters > 0) say(`  ${deadLetters} set aside  ./q events dead ${consumer}`);
  }
}

/** What a consumer could not deal with. */
export async function eventsDead(consumer: string, options: Options): Promise<void> {
  const { client } = await operatorClient(options.data, [node]);
  const { items } = await client.call(node.deadLetters, { consumer });
  if (options.json === true) return say(JSON.stringify({ deadLetters: items }));
  if (items.length === 0) return say(`${consumer} set no event aside.`);
  for (const { eventId, seq, reason, at } of items) {
    say(`${`${seq}`.padStart(6)}  ${at}  ${reason}`);
    say(`        again  ./q events retry ${consumer} ${eventId}`);
  }
}

/** Hands an event that was set aside to its consumer again. */
export async function eventsRetry(
  consumer: string,
  eventId: string,
  options: Options,
): Promise<void> {
  const { client } = await operatorClient(options.data, [node]);
  const { taken } = await client.call(node.retryDeadLetter, { consumer, eventId });
  if (options.json === true) return say(JSON.stringify({ taken }));
  say(taken ? `${tick} ${consumer} took it` : `${consumer} failed again; ./q events dead says why`);
}
