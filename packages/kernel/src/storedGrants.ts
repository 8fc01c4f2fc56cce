import {
  AuthorityError,
  compileChain,
  decodeDelegation,
  type CompiledGrant,
  type Delegation,
} from '@anarq/authority';
import type { PublicKeyObjects } from '@anarq/crypto';
import type { Row, Store } from '@anarq/store';
import type { GrantSource } from './grantsInForce.ts';
import type { Identities } from './identities.ts';

/** A delegation as the node keeps it. */
export interface GrantRecord {
  readonly cid: string;
  readonly tenant: string;
  readonly token: Uint8Array;
  /** CID of the delegation that it passes on; absent for a root. */
  readonly proof: string | undefined;
  readonly issuer: string;
  readonly audience: string;
  readonly subject: string;
  readonly command: string;
  readonly purpose: string;
  readonly exp_s: number | undefined;
  readonly created_ms: number;
  readonly revoked_ms: number | undefined;
}

/** Links of a chain. */
export const CHAIN_MAX = 8;
/** Grants of one read: a token has up to 64 KiB. */
const GRANTS_READ_MAX = 500;
/** So long a grant that has ended is still read: the refusal can then say that it did. */
const ENDED_KEPT_S = 30 * 86_400;
/** Givers whose grants a question about all of them considers. */
const SUBJECTS_MAX = 2_000;

/** Delegations as they are stored, and the chains that they make. */
export class StoredGrants implements GrantSource {
  readonly #store: Store;
  readonly #identities: Identities;
  readonly #now_ms: () => number;

  constructor(store: Store, identities: Identities, now_ms: () => number) {
    this.#store = store;
    this.#identities = identities;
    this.#now_ms = now_ms;
  }

  async get(cid: string): Promise<GrantRecord | undefined> {
    const [row] = await this.#store.read('SELECT * FROM kernel_grant WHERE cid = :cid', { cid });
    return row === undefined ? undefined : recordOf(row);
  }

  async between(audience: string, subject: string): Promise<CompiledGrant[]> {
    const grants: CompiledGrant[] = [];
    for (let after = ''; ;) {
      const rows = await this.#store.read(
        `SELECT cid, token, proof FROM kernel_grant
         WHERE audience = :audience AND subject = :subject AND cid > :after
           AND revoked_ms IS NULL AND (exp_s IS NULL OR exp_s >= :since_s)
         ORDER BY cid LIMIT :limit`,
        {
          audience,
          subject,
          after,
          since_s: Math.floor(this.#now_ms() / 1000) - ENDED_KEPT_S,
          limit: GRANTS_READ_MAX,
        },
      );
      for (const row of rows) {
        const grant = await this.#compileStored(row);
        if (grant !== undefined) grants.push(grant);
      }
      if (rows.length < GRANTS_READ_MAX) return grants;
      after = rows.at(-1)?.['cid'] as string;
    }
  }

  /** A link above may have been revoked meanwhile; then there is no such grant. */
  async #compileStored(row: Row): Promise<CompiledGrant | undefined> {
    try {
      return await this.compile(row['token'] as Uint8Array, proofOf(row), this.#now_ms(), true);
    } catch (error) {
      if (error instanceof AuthorityError) return undefined;
      throw error;
    }
  }

  async subjectsOf(audience: string): Promise<string[]> {
    const rows = await this.#store.read(
      `SELECT DISTINCT subject FROM kernel_grant WHERE audience = :audience
       ORDER BY subject LIMIT :limit`,
      { audience, limit: SUBJECTS_MAX },
    );
    return rows.map((row) => row['subject'] as string);
  }

  async partiesOf(cid: string): Promise<{ audience: string; subject: string } | undefined> {
    const record = await this.get(cid);
    return record?.revoked_ms === undefined ? record : undefined;
  }

  /**
   * Compiles the chain that ends in a token; the links above it are those registered here.
   * @param ended also one whose time is over, or has not come: its check says so for each call
   */
  async compile(
    token: Uint8Array,
    proof: string | undefined,
    now_ms: number,
    ended = false,
  ): Promise<CompiledGrant> {
    const chain: Delegation[] = [decodeDelegation(token)];
    for (let parent = proof; parent !== undefined;) {
      if (chain.length >= CHAIN_MAX)
        throw new AuthorityError('TOO_LONG', `a chain has at most ${CHAIN_MAX} links`);
      const record = await this.get(parent);
      if (record === undefined)
        throw new AuthorityError('BROKEN_CHAIN', `the delegation ${parent} is not registered here`);
      if (record.revoked_ms !== undefined)
        throw new AuthorityError('REVOKED', 'a delegation of this chain is revoked', parent);
      chain.push(decodeDelegation(record.token));
      parent = record.proof;
    }
    const issuers = new Map<string, PublicKeyObjects>();
    for (const link of chain) {
      const issuer = await this.#identities.get(link.iss);
      if (issuer !== undefined) issuers.set(issuer.did, issuer.keys);
    }
    return compileChain(chain, {
      now_s: ended ? withinItsTime(chain, now_ms) : Math.floor(now_ms / 1000),
      // Our own identities sign with both algorithms; half a signature is none.
      keysOf: (did) => {
        const keys = issuers.get(did);
        return keys === undefined ? undefined : { ...keys, hybridOnly: true };
      },
    });
  }
}

/** An instant, the nearest to now, at which a chain is in force if it ever is. */
function withinItsTime(chain: readonly Delegation[], now_ms: number): number {
  const ends = chain.flatMap(({ exp }) => (exp === null ? [] : [exp]));
  const begins = chain.flatMap(({ nbf }) => (nbf === undefined ? [] : [nbf]));
  return Math.max(Math.min(Math.floor(now_ms / 1000), ...ends), ...begins);
}

const proofOf = (row: Row): string | undefined => (row['proof'] as string | null) ?? undefined;

export const recordOf = (row: Row): GrantRecord => ({
  cid: row['cid'] as string,
  tenant: row['tenant'] as string,
  token: row['token'] as Uint8Array,
  proof: proofOf(row),
  issuer: row['issuer'] as string,
  audience: row['audience'] as string,
  subject: row['subject'] as string,
  command: row['command'] as string,
  purpose: row['purpose'] as string,
  exp_s: (row['exp_s'] as number | null) ?? undefined,
  created_ms: row['created_ms'] as number,
  revoked_ms: (row['revoked_ms'] as number | null) ?? undefined,
});
