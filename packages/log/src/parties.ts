import type { Sealer } from '@anarq/crypto';
import { utf8 } from '@anarq/crypto';
import type { Statement } from '@anarq/store';
import { LogError } from './errors.ts';

/** The holder that has a key to every record for as long as the law asks; no person, and never erased as one. */
export const RETENTION_HOLDER = 'legal-retention';
/** The most parties of one record. */
export const PARTIES_MAX = 32;

const PARTY_LENGTH_MAX = 512;

/** How the store knows a party: a keyed hash (hex), so that the table of keys names nobody. Throws LogError MALFORMED. */
export function pseudonymOf(sealer: Sealer, party: string): string {
  if (party.length === 0 || party.length > PARTY_LENGTH_MAX) {
    throw new LogError('MALFORMED', `a party has 1 to ${PARTY_LENGTH_MAX} characters`);
  }
  return sealer.mac('log-party', utf8(party)).toHex();
}

/** Wraps a record's key for one party. */
export function wrapKey(sealer: Sealer, cid: string, party: string, key: Uint8Array): Uint8Array {
  return sealer.seal('record-key', `${cid}|${party}`, key);
}

/** Opens what wrapKey made. Throws what the sealer throws where it was made for another record or party. */
export function unwrapKey(
  sealer: Sealer,
  cid: string,
  party: string,
  wrapped: Uint8Array,
): Uint8Array {
  return sealer.open('record-key', `${cid}|${party}`, wrapped);
}

/**
 * Statements that erase a party: every key wrapped for it goes, and with it what it could open. The leaves, the proofs
 * and the keys of other parties stay. Throws LogError MALFORMED for the retention holder.
 */
export function eraseParty(sealer: Sealer, party: string): Statement[] {
  if (party === RETENTION_HOLDER) {
    throw new LogError('MALFORMED', 'the retention holder is not a person; use endRetention');
  }
  return [
    {
      name: 'erase party from log',
      sql: 'delete from log_key where party = :party',
      params: { party: pseudonymOf(sealer, party) },
    },
  ];
}

/** Statements that end legal retention for records older than an instant (milliseconds since 1970). */
export function endRetention(sealer: Sealer, before_ms: number): Statement[] {
  return [
    {
      name: 'end retention in log',
      sql: 'delete from log_key where party = :party and at_ms < :before_ms',
      params: { party: pseudonymOf(sealer, RETENTION_HOLDER), before_ms },
    },
  ];
}
