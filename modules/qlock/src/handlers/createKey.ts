import { handler } from '@anarq/kernel';
import { KEYS_MAX, qlock } from '../contract.ts';
import { addVersion, keyView } from '../key.ts';
import { keys } from '../store.ts';

export const createKey = handler(qlock.createKey, async (input, ctx) => {
  const owner = ctx.call.subject;
  await ctx.atMost({
    of: 'keys',
    max: KEYS_MAX,
    per: owner,
    count: 'SELECT count(*) FROM qlock_key WHERE tenant = :tenant AND owner = :owner',
    params: { owner },
    message: `An owner has at most ${KEYS_MAX} keys.`,
  });
  const id = ctx.id('key');
  const { kind, name = '' } = input;
  const public_key = addVersion(ctx, { id, owner, kind }, 1);
  const key = { id, owner, kind, name, current: 1, public_key };
  ctx.rows(keys).insert(key);
  ctx.emit('q.qlock.key.created.v1', { keyId: id, owner, kind, version: 1 });
  return keyView({ ...key, version: 1, created_ms: ctx.now_ms, updated_ms: ctx.now_ms });
});
