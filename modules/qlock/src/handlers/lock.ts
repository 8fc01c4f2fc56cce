import { handler } from '@anarq/kernel';
import { LOCK_NAMES_MAX, qlock } from '../contract.ts';
import { assertFree, lockRowId, lockView } from '../fencedLock.ts';
import { locks } from '../store.ts';

export const lock = handler(qlock.lock, async (input, ctx) => {
  const { actor: holder, subject: owner } = ctx.call;
  const { name } = input;
  const rows = ctx.rows(locks);
  const known = await rows.get(lockRowId(owner, name));
  if (known !== undefined) assertFree(known, ctx.now_ms);
  const taken = {
    name,
    holder,
    lock_id: ctx.id('lock'),
    token: (known?.token ?? 0) + 1,
    expires_ms: ctx.now_ms + input.ttl_ms,
  };
  if (known !== undefined) rows.update(known, taken);
  else {
    await ctx.atMost({
      of: 'lock names',
      max: LOCK_NAMES_MAX,
      per: owner,
      count: 'SELECT count(*) FROM qlock_lock WHERE tenant = :tenant AND owner = :owner',
      params: { owner },
      message: `An owner has at most ${LOCK_NAMES_MAX} lock names.`,
    });
    rows.insert({ id: lockRowId(owner, name), ...taken });
  }
  const view = lockView(taken);
  ctx.emit('q.qlock.lock.acquired.v1', { ...view, owner, holder });
  return view;
});
