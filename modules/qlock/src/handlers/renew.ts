import { handler } from '@anarq/kernel';
import { qlock } from '../contract.ts';
import { assertHolder, lockRowId, lockView } from '../fencedLock.ts';
import { locks } from '../store.ts';

export const renew = handler(qlock.renew, async (input, ctx) => {
  const { actor, subject } = ctx.call;
  const rows = ctx.rows(locks);
  const claim = { actor, lockId: input.lockId, now_ms: ctx.now_ms };
  const held = assertHolder(await rows.get(lockRowId(subject, input.name)), claim);
  // Never shorter than it is: who renews for less time still holds what was promised.
  const expires_ms = Math.max(held.expires_ms, ctx.now_ms + input.ttl_ms);
  rows.update(held, { expires_ms });
  return lockView({ ...held, expires_ms });
});
