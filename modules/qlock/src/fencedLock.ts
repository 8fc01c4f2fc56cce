import { fail, type Static } from '@anarq/common-schemas';
import { sha256Hex, utf8 } from '@anarq/crypto';
import type { qlock } from './contract.ts';
import type { LockRow } from './store.ts';

/** The row of a lock name: names belong to whoever the call acts for. */
export const lockRowId = (owner: string, name: string): string =>
  `lockname_${sha256Hex(utf8(`${owner}\n${name}`)).slice(0, 32)}`;

/** Whether somebody holds the lock now. At the instant of its expiry a lock is free. */
const isHeld = (lock: LockRow, now_ms: number): boolean =>
  lock.lock_id !== '' && lock.expires_ms > now_ms;

/** @throws LOCK_HELD with the time after which it is free at the latest, unless it is renewed */
export function assertFree(lock: LockRow, now_ms: number): void {
  if (isHeld(lock, now_ms))
    fail('LOCK_HELD', undefined, {
      name: lock.name,
      holder: lock.holder,
      retryAfter_ms: lock.expires_ms - now_ms,
    });
}

/**
 * The lock, if the caller holds it now under this very lock id. A stale holder, whose time is over
 * or whose lock somebody took over, is refused, so that it learns that it must stop.
 * @throws STATE_CONFLICT
 */
export function assertHolder(
  lock: LockRow | undefined,
  claim: { readonly actor: string; readonly lockId: string; readonly now_ms: number },
): LockRow {
  const isHolder =
    lock !== undefined &&
    isHeld(lock, claim.now_ms) &&
    lock.lock_id === claim.lockId &&
    lock.holder === claim.actor;
  if (!isHolder)
    return fail('STATE_CONFLICT', 'You do not hold this lock, or no longer.', {
      state: lock !== undefined && isHeld(lock, claim.now_ms) ? 'HELD_BY_ANOTHER' : 'FREE',
    });
  return lock;
}

/** A held lock as its holder sees it. */
export const lockView = (
  lock: Pick<LockRow, 'name' | 'lock_id' | 'token' | 'expires_ms'>,
): Static<(typeof qlock)['lock']['output']> => ({
  name: lock.name,
  lockId: lock.lock_id,
  token: lock.token,
  expiresAt: new Date(lock.expires_ms).toISOString(),
});
