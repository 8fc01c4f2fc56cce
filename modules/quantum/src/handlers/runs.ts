import type { InputOf, OutputOf } from '@anarq/common-schemas';
import { handler, type ReadContext } from '@anarq/kernel';
import { quantum } from '../contract.ts';
import { deskOf } from '../desks.ts';
import { runs as table, type RowState } from '../store.ts';
import { runView } from '../views.ts';

type Asked = InputOf<typeof quantum.runs>;
type Input = { readonly [K in keyof Asked]: Asked[K] | undefined };
type Page = OutputOf<typeof quantum.runs>;
type State = Exclude<Input['state'], undefined>;

const LIMIT_DEFAULT = 50;
/** What the row of a run says while it is in a state; which of the first two, the desk knows. */
const ROW_STATE: Readonly<Record<State, RowState>> = {
  QUEUED: 'ADMITTED',
  RUNNING: 'ADMITTED',
  SETTLING: 'KEPT',
  DONE: 'DONE',
  STOPPED: 'STOPPED',
};

export const runs = handler(quantum.runs, (input, ctx) =>
  input.state === 'RUNNING' ? running(input, ctx) : listed(input, ctx),
);

/** As many as compute at once: each is looked up by its id, since only the desk knows of them. */
async function running(input: Input, ctx: ReadContext): Promise<Page> {
  const found = await Promise.all(
    deskOf(ctx)
      .running()
      .map((id) => pageOf({ ...input, limit: 1, cursor: undefined }, ctx, { id })),
  );
  const items = found
    .flatMap((page) => page.items)
    .filter(({ state }) => state === 'RUNNING')
    .toSorted((a, b) => (a.runId < b.runId ? 1 : -1));
  return { items: items.slice(0, input.limit ?? LIMIT_DEFAULT) };
}

/** Those that compute already are left out of those that wait: few, so few pages are read again. */
async function listed(input: Input, ctx: ReadContext): Promise<Page> {
  const { state, limit = LIMIT_DEFAULT } = input;
  const items: Page['items'] = [];
  let { cursor } = input;
  do {
    const page = await pageOf({ ...input, limit: limit - items.length, cursor }, ctx);
    items.push(...page.items.filter((run) => state === undefined || run.state === state));
    cursor = page.next;
  } while (cursor !== undefined && items.length < limit);
  return { items, ...(cursor === undefined ? {} : { next: cursor }) };
}

async function pageOf(
  { state, method, limit, cursor }: Input,
  ctx: ReadContext,
  more: { readonly id?: string } = {},
): Promise<Page> {
  const desk = deskOf(ctx);
  const where = {
    ...(state === undefined ? {} : { state: ROW_STATE[state] }),
    ...(method === undefined ? {} : { method }),
    ...more,
  };
  const found = await ctx.rows(table).list({ where, limit, cursor, newestFirst: true });
  return { ...found, items: found.items.map((row) => runView(row, desk.stateOf(row.id))) };
}
