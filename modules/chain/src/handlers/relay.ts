import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { chainOf } from '../chainOf.ts';
import { chain as contract } from '../contract.ts';
import { confirmedNews, finalNews } from '../relay/news.ts';
import { watchersOf } from '../relay/watchers.ts';
import { beginning, CURSOR_ID, cursors, watches as table } from '../store.ts';

/** Transactions that one call looks at. */
const TRANSACTIONS_MAX = 500;

/**
 * Tells what came since the last time, in one commit with how far has been told: each event comes once, whatever
 * happens to the node between two calls.
 */
export const relay = handler(contract.relay, async (_input, ctx) => {
  if (ctx.call.actor !== ctx.services.node.modules[contract.name])
    fail('QONSENT_DENIED', 'Only the chain module tells what happened on the chain.');
  const chain = chainOf(ctx);
  const rows = ctx.rows(cursors);
  const row = await rows.get(CURSOR_ID);
  const { count: watches, watchers } = await watchersOf(ctx.rows(table));
  const { epoch, validators } = chain.validator.chain();
  if (row === undefined || row.chain_id !== chain.validator.chainId) {
    const begin = beginning(chain.validator.chainId, await chain.now(), epoch);
    if (row === undefined) rows.insert({ id: CURSOR_ID, ...begin });
    else rows.update(row, begin);
    return { told: 0, watches, more: false };
  }
  const after = { commit: row.commit_number, index: row.commit_index };
  const finalAfter = { commit: row.final_commit, index: row.final_index };
  const found = watches === 0 ? [] : await chain.archive.since(after, TRANSACTIONS_MAX);
  const open = watches === 0 ? [] : await chain.archive.since(finalAfter, TRANSACTIONS_MAX);
  const finals = open.filter(({ seq }) => chain.archive.isFinal(seq));
  // The history writes what a certificate covers before it takes the certificate, of which the validator told already.
  const certified = chain.validator.chain().finalized.seq;
  const isBehind = open.some(
    ({ seq }) => seq !== undefined && seq <= certified && !chain.archive.isFinal(seq),
  );
  const { confirmed, rejected, balances } = confirmedNews(chain, watchers, found);
  for (const each of confirmed) ctx.emit('q.chain.transaction.confirmed.v1', each);
  for (const each of rejected) ctx.emit('q.chain.transaction.rejected.v1', each);
  for (const each of balances) ctx.emit('q.chain.account.balance.changed.v1', each);
  const finalized = finalNews(watchers, finals);
  for (const each of finalized) ctx.emit('q.chain.transaction.finalized.v1', each);
  const isNewEpoch = epoch !== row.epoch;
  if (isNewEpoch)
    ctx.emit('q.chain.network.epoch.changed.v1', { epoch, validators: validators.length });
  const last = found.at(-1)?.position ?? after;
  const lastFinal = finals.at(-1)?.position ?? finalAfter;
  rows.update(row, {
    commit_number: last.commit,
    commit_index: last.index,
    final_commit: lastFinal.commit,
    final_index: lastFinal.index,
    epoch,
  });
  const told = [confirmed, rejected, balances, finalized].reduce(
    (sum, { length }) => sum + length,
    0,
  );
  const more = isBehind || Math.max(found.length, finals.length) === TRANSACTIONS_MAX;
  return { told: told + Number(isNewEpoch), watches, more };
});
