import { fail, type OutputOf } from '@anarq/common-schemas';
import { handler, type ReadContext } from '@anarq/kernel';
import type { Queries } from '@anarq/ledger-engine';
import { amountText } from '../amounts.ts';
import { booksOf } from '../books/books.ts';
import { keyText, tenantMark } from '../books/keys.ts';
import { accountEntry, type AccountEntry } from '../books/records.ts';
import { ledger } from '../contract.ts';
import { EVENTS_MAX } from '../models.ts';
import { IMPORTED_ACCOUNT_FLAGS, toNames, TRANSFER_FLAGS } from '../flags.ts';
import { instantText, pastInstant } from '../instants.ts';
import { accountsByKey, type AccountName } from '../names.ts';
import { pageIn, READ_MAX } from '../search.ts';
import { named, standingsIn, type NamedTransfer, type Standing } from '../transfers.ts';
import { nextOf, readCursor } from '../views.ts';

type Page = OutputOf<typeof ledger.exportBooks>;
type Context = Pick<ReadContext, 'select' | 'call' | 'ownLog' | 'services'>;

const NS_PER_MS = 1_000_000n;

/** How far an export is: accounts, then transfers; until an instant; after another. */
interface Place {
  readonly part: 'accounts' | 'transfers';
  readonly until: bigint;
  readonly after: bigint | undefined;
}

export const exportBooks = handler(ledger.exportBooks, async (input, ctx): Promise<Page> => {
  const limit = input.limit ?? EVENTS_MAX;
  const place = readPlace(input.cursor) ?? {
    part: 'accounts',
    until: untilOf(ctx, input.asOf),
    after: undefined,
  };
  const { until } = place;
  if (place.part === 'accounts') {
    const { items, after } = await accountsAt(ctx, place, limit);
    const next: Place = { part: after === undefined ? 'transfers' : 'accounts', until, after };
    return {
      accounts: items.map((of) => of.told),
      transfers: [],
      ...nextOf(true, placeText(next)),
    };
  }
  const { items, after } = await transfersAt(ctx, place, limit);
  return {
    accounts: [],
    transfers: items.map(transferTold),
    ...nextOf(after !== undefined, placeText({ part: 'transfers', until, after })),
  };
});

/** All pages are of one instant, after which nothing comes: the last that is over, or one that is asked for. */
function untilOf(ctx: Pick<ReadContext, 'now_ms' | 'ownLog'>, asOf: string | undefined): bigint {
  const over = BigInt(Math.floor(ctx.now_ms)) * NS_PER_MS - 1n;
  const asked = asOf === undefined ? over : pastInstant(asOf, ctx.now_ms);
  const { horizon = asked + 1n } = booksOf(ctx);
  return [over, asked, horizon - 1n].reduce((least, one) => (one < least ? one : least));
}

const placeText = ({ part, until, after = 0n }: Place): string => `${part} ${until} ${after}`;

function readPlace(cursor: string | undefined): Place | undefined {
  const text = readCursor(cursor);
  if (text === undefined) return undefined;
  const [, part, until = '', after = ''] =
    /^(accounts|transfers) ([0-9]{1,19}) ([0-9]{1,19})$/.exec(text) ?? [];
  if (part !== 'accounts' && part !== 'transfers')
    return fail('INPUT_INVALID', 'The cursor is not one that an export gave.', { cursor: text });
  return { part, until: BigInt(until), after: BigInt(after) };
}

function accountsAt(ctx: Context, { until, after }: Place, limit: number) {
  const filter = { userData32: tenantMark(ctx.call.tenant) };
  return pageIn(ctx, { first: 1n, last: until, isReversed: false }, after, {
    limit,
    search: (queries, place) => {
      const { records, readTo } = queries.searchAccounts({ ...filter, ...place }, READ_MAX);
      return { found: records.map((record) => asOpened(queries, accountEntry(record))), readTo };
    },
    show: async (found) => {
      const names = await accountsByKey(
        ctx,
        found.map(({ key }) => key),
      );
      return found.map((entry) => {
        const name = names.get(keyText(entry.key)) ?? nameless(entry.key);
        return { entry, told: accountTold(ctx, name, entry) };
      });
    },
  });
}

/** Transfers are made again from what an account was when it was opened. */
const asOpened = (queries: Queries, entry: AccountEntry): AccountEntry => {
  const { closed } = IMPORTED_ACCOUNT_FLAGS;
  const wasClosed = queries.wasClosedAt(entry.key, entry.timestamp) ? closed : 0;
  return { ...entry, flags: (entry.flags & ~closed) | wasClosed };
};

/** @throws STATE_CONFLICT where the store has no name for something in the books: nothing is left out */
const nameless = (key: bigint): never =>
  fail('STATE_CONFLICT', 'The books hold something that has no name in the store.', {
    state: 'no name',
    key: keyText(key),
  });

/** Links hold a call together, not what it left; each is made by itself again. */
const LINKED = IMPORTED_ACCOUNT_FLAGS.linked;

function accountTold(
  ctx: Context,
  name: AccountName,
  entry: AccountEntry,
): Page['accounts'][number] {
  const modules = Object.entries(ctx.services.node.modules);
  const ownerModule = modules.find(([, did]) => did === name.owner)?.[0];
  return {
    id: name.id,
    unit: entry.unit,
    code: entry.code,
    flags: toNames(IMPORTED_ACCOUNT_FLAGS, entry.flags & ~LINKED),
    ...(name.userData === undefined ? {} : { userData: name.userData }),
    ...(name.holder === undefined ? {} : { holder: name.holder }),
    ...(ownerModule === undefined ? { owner: name.owner } : { ownerModule }),
    timestamp: entry.timestamp.toString(),
  };
}

/** A transfer, or the end of a pending one whose time was over. */
type Told = NamedTransfer & { readonly isEnd: boolean };

function transfersAt(ctx: Context, { until, after }: Place, limit: number) {
  const filter = { accountsUserData32: tenantMark(ctx.call.tenant), withEnds: true };
  return pageIn(ctx, { first: 1n, last: until, isReversed: false }, after, {
    limit,
    search: (queries, place) => {
      const all = standingsIn(queries, queries.searchTransfers({ ...filter, ...place }, READ_MAX));
      return { ...all, found: all.found.map((one) => ({ ...one, isEnd: isEnd(queries, one) })) };
    },
    show: async (found): Promise<Told[]> => {
      const names = await named(ctx, found);
      return found.map((one, index) => {
        const name = names[index];
        return name === undefined || names.length < found.length
          ? nameless(one.entry.key)
          : { ...name, isEnd: one.isEnd };
      });
    },
  });
}

/** An end has the id of its pending transfer, and a time of its own. */
const isEnd = (queries: Queries, { entry }: Standing): boolean => {
  const own = queries.ordinalOf(entry.key);
  return own !== undefined && queries.timeOf(own) !== entry.timestamp;
};

function transferTold({ isEnd: ended, ...of }: Told): Page['transfers'][number] {
  const { entry } = of;
  // What freed itself is voided elsewhere, at the time at which it was free.
  const own = ended
    ? { id: `expired-${keyText(entry.key)}`, pendingId: of.id, flags: ['void_pending' as const] }
    : {
        id: of.id,
        ...(of.pendingId === undefined ? {} : { pendingId: of.pendingId }),
        flags: toNames(TRANSFER_FLAGS, entry.flags & ~LINKED),
      };
  const expires_ms = ended ? 0 : entry.timeout_s * 1_000;
  return {
    ...own,
    debitAccountId: of.debit.id,
    creditAccountId: of.credit.id,
    amount: amountText(entry.amountMinor, entry.unit),
    unit: entry.unit,
    code: entry.code,
    ...(of.userData === undefined ? {} : { userData: of.userData }),
    timestamp: entry.timestamp.toString(),
    ...(expires_ms === 0 ? {} : { expiresAt: instantText(entry.timestamp, expires_ms) }),
  };
}
