import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { KEY_VERSIONS_MAX, qlock } from '../contract.ts';
import { addVersion, keyView } from '../key.ts';
import { keys, type KeyKind } from '../store.ts';

export const rotateKey = handler(qlock.rotateKey, async (input, ctx) => {
  const key = await ctx.rows(keys).require(input.keyId);
  if (key.current >= KEY_VERSIONS_MAX)
    fail('LIMIT_EXCEEDED', `A key has at most ${KEY_VERSIONS_MAX} versions; create another.`, {
      limit: 'key versions',
      maximum: KEY_VERSIONS_MAX,
    });
  const { id, owner } = key;
  const kind = key.kind as KeyKind;
  const current = key.current + 1;
  const change = { current, public_key: addVersion(ctx, { id, owner, kind }, current) };
  ctx.rows(keys).update(key, change);
  ctx.emit('q.qlock.key.created.v1', { keyId: id, owner, kind, version: current });
  return keyView({ ...key, ...change });
});
