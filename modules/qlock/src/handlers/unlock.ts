import { handler } from '@anarq/kernel';
import { qlock } from '../contract.ts';
import { assertHolder, lockRowId } from '../fencedLock.ts';
import { locks } from '../store.ts';

export const unlock = handler(qlock.unlock, async (input, ctx) => {
  const { actor, subject } = ctx.call;
  const { name, lockId } = input;
  const rows = ctx.rows(locks);
  const claim = { actor, lockId, now_ms: ctx.now_ms };
  const held = assertHolder(await rows.get(lockRowId(subject, name)), claim);
  const { token } = held;
  rows.update(held, { holder: '', lock_id: '', expires_ms: ctx.now_ms });
  ctx.emit('q.qlock.lock.released.v1', { name, owner: subject, holder: actor, lockId, token });
  return { name, token };
});
