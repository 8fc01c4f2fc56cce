import { setTimeout as pause } from 'node:timers/promises';
import type { OutputOf } from '@anarq/common-schemas';
import { qerberos } from '@anarq/qerberos/contract';
import { squid } from '@anarq/squid/contract';
import { fail } from '@anarq/common-schemas';
import { operatorClient } from '../connection.ts';
import { paint, say } from '../terminal.ts';

interface Options {
  readonly data: string;
  readonly agent?: string;
  readonly follow?: boolean;
  readonly json?: boolean;
}

type Entry = OutputOf<typeof qerberos.search>['items'][number];

const SHOWN = 50;
const PAGE = 200;
/** Looking takes from the operator's own calls a minute; so much leaves it some. */
const LOOKED_AT_MAX = 5_000;
const LOOK_EVERY_MS = 1_000;
/** Records are dated when their call began, so a look reaches back over what was under way. */
const OVERLAP_MS = 60_000;
const SEEN_MAX = 10_000;

/** What happens on what is the operator's: the newest records, and with --follow those to come. */
export async function activity(options: Options): Promise<void> {
  const { client } = await operatorClient(options.data, [qerberos, squid]);
  const actor =
    options.agent === undefined || options.agent.startsWith('did:')
      ? options.agent
      : (await client.call(squid.agents, { name: options.agent })).items[0]?.did;
  if (options.agent !== undefined && actor === undefined)
    return fail('QINDEX_NOT_FOUND', `You have no agent named ${options.agent}.`);
  // Looking is itself recorded, and would be all that there is to see.
  const isShown = (entry: Entry) =>
    entry.op !== 'qerberos.search' && (actor === undefined || entry.actor === actor);
  const tell = (entry: Entry) => say(options.json === true ? JSON.stringify(entry) : line(entry));

  // Page after page: an agent that did nothing lately may have acted long before.
  const met: string[] = [];
  const shown: Entry[] = [];
  let isMore = false;
  for await (const { items, next } of pagesOf(client, {})) {
    met.push(...items.map(({ cid }) => cid));
    shown.push(...items.filter(isShown).slice(0, SHOWN - shown.length));
    isMore = next !== undefined;
    if (shown.length === SHOWN || met.length >= LOOKED_AT_MAX) break;
  }
  for (const entry of shown.toReversed()) tell(entry);
  if (shown.length === 0 && options.follow !== true && options.json !== true)
    say(nothingOf(options.agent, isMore ? met.length : undefined));
  if (options.follow !== true) return;
  // The oldest are forgotten first.
  const seen = new Set(met.toReversed());
  for (;;) {
    await pause(LOOK_EVERY_MS);
    const from = new Date(Date.now() - OVERLAP_MS).toISOString();
    const fresh: Entry[] = [];
    for await (const { items } of pagesOf(client, { from }))
      fresh.push(...items.filter(({ cid }) => !seen.has(cid)));
    for (const { cid } of fresh) seen.add(cid);
    for (const entry of fresh.toReversed()) if (isShown(entry)) tell(entry);
    for (const cid of seen) if (seen.size > SEEN_MAX) seen.delete(cid);
  }
}

/** @param among how many records were looked through, where there are more */
function nothingOf(agent: string | undefined, among: number | undefined): string {
  if (agent === undefined) return 'Nothing is recorded yet.';
  return among === undefined
    ? `Nothing of ${agent} is recorded.`
    : `Nothing of ${agent} is among the newest ${among} records.`;
}

type Client = Awaited<ReturnType<typeof operatorClient>>['client'];

/** The records from an instant on, or all, the newest first. */
async function* pagesOf(
  client: Client,
  which: { readonly from?: string },
): AsyncGenerator<OutputOf<typeof qerberos.search>> {
  for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined;) {
    isFirst = false;
    const at = cursor === undefined ? {} : { cursor };
    const page = await client.call(qerberos.search, { limit: PAGE, ...which, ...at });
    yield page;
    cursor = page.next;
  }
}

function line({ at, op, code, actor, cid, body }: Entry): string {
  const { cost } = body as { cost?: { amount?: string; unit?: string } };
  const spent = cost === undefined ? '' : `${cost.amount ?? ''} ${cost.unit ?? ''}`;
  const outcome = code === 'SUCCESS' ? paint.green(code) : paint.red(code);
  return [at, op.padEnd(24), outcome, spent, paint.dim(actor ?? ''), cid]
    .filter((word) => word !== '')
    .join('  ');
}
