import { fail } from '@anarq/common-schemas';
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
    const [mine] = await ctx.select(
      'SELECT count(*) AS n FROM qlock_lock WHERE tenant = :tenant AND owner = :owner',
      { owner },
    );
    if ((mine?.['n'] as number) >= LOCK_NAMES_MAX)
      fail('LIMIT_EXCEEDED', `An owner has at most ${LOCK_NAMES_MAX} lock names.`, {
        limit: 'lock names',
        maximum: LOCK_NAMES_MAX,
      });
    rows.insert({ id: lockRowId(owner, name), ...taken });
  }
  const view = lockView(taken);
  ctx.emit('q.qlock.lock.acquired.v1', { ...view, owner, holder });
  return view;
});
