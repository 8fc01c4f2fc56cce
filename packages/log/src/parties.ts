import type { Sealer } from '@anarq/crypto';
import { utf8 } from '@anarq/crypto';
import type { Statement, Store } from '@anarq/store';
import { LogError } from './errors.ts';
import { bytes, integer, text } from './treeStore.ts';

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
  return sealer.nameMac('log-party', utf8(party)).toHex();
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

/**
 * Where the wraps of one party stand that are not under the sealer's key in force, at most `limit`
 * of them after a place; each with the statement that wraps its key anew.
 */
export async function wrapsToRenew(
  store: Store,
  sealer: Sealer,
  party: string,
  page: { readonly after: WrapPlace; readonly limit: number },
): Promise<{ readonly statements: Statement[]; readonly next: WrapPlace | undefined }> {
  const { after, limit } = page;
  const pseudonym = pseudonymOf(sealer, party);
  const rows = await store.read(
    `select at_ms, cid, wrapped from log_key
      where party = :party and (at_ms, cid) > (:at_ms, :cid) order by at_ms, cid limit :limit`,
    { party: pseudonym, ...after, limit },
  );
  const statements = rows
    .filter((row) => !sealer.isCurrent(bytes(row, 'wrapped')))
    .map((row): Statement => {
      const [cid, before] = [text(row, 'cid'), bytes(row, 'wrapped')];
      return {
        name: 'log key renewed',
        sql: `update log_key set wrapped = :wrapped
          where party = :party and at_ms = :at_ms and cid = :cid and wrapped = :before`,
        params: {
          party: pseudonym,
          at_ms: integer(row, 'at_ms'),
          cid,
          before,
          wrapped: wrapKey(sealer, cid, party, unwrapKey(sealer, cid, party, before)),
        },
      };
    });
  const last = rows.at(-1);
  const next =
    last === undefined || rows.length < limit
      ? undefined
      : { at_ms: integer(last, 'at_ms'), cid: text(last, 'cid') };
  return { statements, next };
}

/** Place of a wrap among those of its party. */
export interface WrapPlace {
  readonly at_ms: number;
  readonly cid: string;
}

/** Names of parties, as the table of wraps has them, that are none of these. */
export async function otherParties(
  store: Store,
  sealer: Sealer,
  known: readonly string[],
): Promise<number> {
  const names = new Set(known.map((party) => pseudonymOf(sealer, party)));
  const rows = await store.read('select distinct party from log_key');
  return rows.filter((row) => !names.has(text(row, 'party'))).length;
}
