import { fail, type InputOf } from '@anarq/common-schemas';
import { handler, type ReadContext } from '@anarq/kernel';
import { TRANSFER_RESULTS } from '@anarq/ledger-engine';
import { checkAccounts, checkIds } from '../access.ts';
import { isReader } from '../accounts.ts';
import { booksOf } from '../books/books.ts';
import { keyText } from '../books/keys.ts';
import { accountEntry, transferEntry } from '../books/records.ts';
import { transferRecords } from '../books/requests.ts';
import { ledger } from '../contract.ts';
import { TOLD_MAX } from '../contract/whatIf.ts';
import type { ForkAnswer, ForkPlace } from '../engine/forkedPast.ts';
import { movedBy, pendingOf, readRequests } from '../givenTransfers.ts';
import { instantText, pastInstant } from '../instants.ts';
import { accountsByKey, type AccountName, type LedgerReader } from '../names.ts';
import { transferResult } from '../results.ts';
import { named } from '../transfers.ts';
import { balancesText } from '../views.ts';

type Asker = LedgerReader & Pick<ReadContext, 'allows'>;

export const whatIf = handler(ledger.whatIf, async (input, ctx) => {
  checkIds(ctx, input.transfers);
  const place = placeOf(input, ctx.now_ms);
  const pending = await pendingOf(ctx, input.transfers);
  const requests = readRequests(input.transfers, pending);
  await checkAccounts(ctx, await movedBy(ctx, requests, pending));
  const fork = await booksOf(ctx).fork({
    place,
    records: transferRecords(ctx.call.tenant, requests),
    count: requests.length,
    goesOn: input.replay === true,
    toldMax: TOLD_MAX,
  });
  const mayRead = readerOf(ctx);
  return {
    results: requests.map(({ id }, index) => ({
      id,
      result: transferResult(fork.results[index] ?? 0),
    })),
    sequence: fork.sequence,
    ...(fork.timestamp === 0n ? {} : { forkedAt: instantText(fork.timestamp) }),
    balances: await balancesOf(ctx, fork, mayRead),
    ...(await changedOf(ctx, fork, mayRead)),
    isComplete: fork.isComplete,
  };
});

/** @throws INPUT_INVALID for two places at once, or one that is still to come */
function placeOf({ sequence, asOf }: InputOf<typeof ledger.whatIf>, now_ms: number): ForkPlace {
  if (asOf === undefined) return { sequence };
  if (sequence !== undefined)
    fail('INPUT_INVALID', 'The books are forked at a sequence or as of an instant, not at both.');
  return { instant: pastInstant(asOf, now_ms) };
}

type MayRead = (name: AccountName) => Promise<boolean>;

/** Asks once for each account. */
function readerOf(ctx: Asker): MayRead {
  const asked = new Map<string, Promise<boolean>>();
  return (name) => {
    const known = asked.get(name.id) ?? isReader(ctx, name);
    asked.set(name.id, known);
    return known;
  };
}

async function balancesOf(ctx: Asker, { accounts }: ForkAnswer, mayRead: MayRead) {
  const entries = accounts.map(({ inBooks, inFork }) => ({
    inBooks: accountEntry(inBooks),
    inFork: accountEntry(inFork),
  }));
  const names = await accountsByKey(
    ctx,
    entries.map(({ inFork }) => inFork.key),
  );
  const balances = [];
  for (const { inBooks, inFork } of entries) {
    const name = names.get(keyText(inFork.key));
    if (name === undefined || !(await mayRead(name))) continue;
    const { unit } = inFork;
    balances.push({
      accountId: name.id,
      unit,
      inBooks: balancesText(inBooks, unit),
      inFork: balancesText(inFork, unit),
    });
  }
  return balances;
}

/** Transfers of which the caller may read one of the accounts, as it may read the transfers themselves. */
async function changedOf(ctx: Asker, { changed }: ForkAnswer, mayRead: MayRead) {
  // By their entries: an id may have been tried more than once.
  const outcomes = new Map(changed.map((one) => [transferEntry(one.record), one]));
  const found = [...outcomes.keys()].map((entry) => ({ entry, phase: 'none' as const }));
  const refused = [];
  const accepted = [];
  for (const { id: transferId, entry, debit, credit } of await named(ctx, found)) {
    const outcome = outcomes.get(entry);
    if (outcome === undefined || !((await mayRead(debit)) || (await mayRead(credit)))) continue;
    const { result, inFork } = outcome;
    if (result === TRANSFER_RESULTS.created)
      refused.push({ transferId, result: transferResult(inFork) });
    else if (inFork === TRANSFER_RESULTS.created)
      accepted.push({ transferId, result: transferResult(result) });
  }
  return { refused, accepted };
}
