import { fail } from '@anarq/common-schemas';
import type { ReadContext } from '@anarq/kernel';
import { A_ID, A_USER_128, readU128, T_CREDIT, T_DEBIT, wordsOf } from '@anarq/ledger-engine';
import { isReader } from '../accounts.ts';
import { booksOf } from '../books/books.ts';
import { ownerMark } from '../books/keys.ts';
import { inBooks } from '../books/refused.ts';
import { accountsByKey } from '../names.ts';
import { transfersOfAccount, type Asked } from '../socket/desk.ts';

/** Accounts of others of which one question asks the store. */
const OTHERS_MAX = 1_000;

/**
 * The records that answer a question. Accounts that the subject may not read, and transfers between
 * two such, are as if they were not there.
 * @throws LIMIT_EXCEEDED
 */
export async function answerTo(asked: Asked, ctx: ReadContext): Promise<readonly Uint8Array[]> {
  const books = booksOf(ctx);
  if (asked.kind === 'of-account') {
    const { filter } = asked;
    const isOpen = await readable(ctx, [[filter.accountId]]);
    if (!isOpen([filter.accountId])) return [];
    return inBooks(books.ask((queries) => transfersOfAccount(queries, filter)));
  }
  const found = await books.ask((queries) =>
    asked.keys.flatMap((key) => {
      const record = asked.kind === 'accounts' ? queries.account(key) : queries.transfer(key);
      return record === undefined ? [] : [record];
    }),
  );
  const isOpen = await readable(ctx, found.map(asked.kind === 'accounts' ? own : sides));
  return found.filter((record) => isOpen((asked.kind === 'accounts' ? own : sides)(record)));
}

const own = (account: Uint8Array): bigint[] => [readU128(wordsOf(account), A_ID)];

const sides = (transfer: Uint8Array): bigint[] => {
  const words = wordsOf(transfer);
  return [readU128(words, T_DEBIT), readU128(words, T_CREDIT)];
};

/**
 * Whether the subject may read one of some accounts, for each of many such groups: its own need no
 * look into the store.
 */
async function readable(
  ctx: ReadContext,
  groups: readonly (readonly bigint[])[],
): Promise<(keys: readonly bigint[]) => boolean> {
  const mine = ownerMark(ctx.call.subject);
  const open = await booksOf(ctx).ask((queries) => {
    const keys = [...new Set(groups.flat())];
    const isOwn = (key: bigint): boolean => {
      const record = queries.account(key);
      return record !== undefined && readU128(wordsOf(record), A_USER_128) === mine;
    };
    return new Set(keys.filter(isOwn));
  });
  const isOpen = (keys: readonly bigint[]): boolean => keys.some((key) => open.has(key));
  const others = new Set(groups.filter((keys) => !isOpen(keys)).flat());
  if (others.size > OTHERS_MAX)
    fail('LIMIT_EXCEEDED', `One question is about at most ${OTHERS_MAX} accounts of others.`, {
      limit: OTHERS_MAX,
    });
  for (const name of (await accountsByKey(ctx, others)).values())
    if (await isReader(ctx, name)) open.add(BigInt(`0x${name.key}`));
  return isOpen;
}
