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
  for (let cursor: string | undefined, more = true; more && shown.length < SHOWN;) {
    const page = await pageOf(client, cursor === undefined ? {} : { cursor });
    met.push(...page.items.map(({ cid }) => cid));
    shown.push(...page.items.filter(isShown).slice(0, SHOWN - shown.length));
    cursor = page.next;
    more = cursor !== undefined;
  }
  for (const entry of shown.toReversed()) tell(entry);
  if (shown.length === 0 && options.follow !== true && options.json !== true)
    say(
      actor === undefined ? 'Nothing is recorded yet.' : `Nothing of ${options.agent} is recorded.`,
    );
  if (options.follow !== true) return;
  // The oldest are forgotten first.
  const seen = new Set(met.toReversed());
  for (;;) {
    await pause(LOOK_EVERY_MS);
    const from = new Date(Date.now() - OVERLAP_MS).toISOString();
    const fresh: Entry[] = [];
    for (let cursor: string | undefined, more = true; more;) {
      const page = await pageOf(client, { from, ...(cursor === undefined ? {} : { cursor }) });
      fresh.push(...page.items.filter(({ cid }) => !seen.has(cid)));
      cursor = page.next;
      more = cursor !== undefined;
    }
    for (const { cid } of fresh) seen.add(cid);
    for (const entry of fresh.toReversed()) if (isShown(entry)) tell(entry);
    for (const cid of seen) if (seen.size > SEEN_MAX) seen.delete(cid);
  }
}

type Client = Awaited<ReturnType<typeof operatorClient>>['client'];

const pageOf = (
  client: Client,
  which: { readonly from?: string; readonly cursor?: string },
): Promise<OutputOf<typeof qerberos.search>> =>
  client.call(qerberos.search, { limit: PAGE, ...which });

function line({ at, op, code, actor, cid, body }: Entry): string {
  const { cost } = body as { cost?: { amount?: string; unit?: string } };
  const spent = cost === undefined ? '' : `${cost.amount ?? ''} ${cost.unit ?? ''}`;
  const outcome = code === 'SUCCESS' ? paint.green(code) : paint.red(code);
  return [at, op.padEnd(24), outcome, spent, paint.dim(actor ?? ''), cid]
    .filter((word) => word !== '')
    .join('  ');
}
