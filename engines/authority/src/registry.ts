import type { CompiledGrant } from './chain.ts';
import { normaliseCid } from './cid.ts';
import { coverOf } from './command.ts';
import { principalOf } from './did.ts';
import { AuthorityError } from './errors.ts';

const GRANTS_MAX = 1_000_000;

/**
 * Costly grants (see `CompiledGrant.costly`) that are offered for one call: of each subject, and of
 * those the ones of each issuer. Anybody may give anybody grants, and the node asks them in turn.
 */
const COSTLY_OF_SUBJECT_MAX = 32;
const COSTLY_OF_ISSUER_MAX = 8;

/**
 * The compiled grants of a node, in memory. A revocation takes effect at once: it removes every
 * grant whose chain contains the revoked link. So a grant must be looked up for each call; who
 * keeps one beyond a call keeps it beyond its revocation.
 */
export class GrantRegistry {
  readonly #byLeaf = new Map<string, CompiledGrant>();
  /** CID of any link -> leaves of the grants that contain it. */
  readonly #leavesByLink = new Map<string, Set<string>>();
  /** DID of the audience -> DID of the subject -> the grants, the most specific command first. */
  readonly #byAudience = new Map<string, Map<string, Held[]>>();
  readonly #revoked = new Set<string>();

  /** @returns how many grants are held */
  get size(): number {
    return this.#byLeaf.size;
  }

  /**
   * Adds a grant. A leaf is held once: the same leaf with another chain above it replaces the one
   * that was there.
   *
   * @throws AuthorityError REVOKED where a link of its chain is revoked, TOO_LONG where full
   */
  add(grant: CompiledGrant): void {
    for (const cid of grant.chain) {
      if (this.#revoked.has(cid)) {
        throw new AuthorityError('REVOKED', 'a delegation of this chain is revoked', cid);
      }
    }
    this.#remove(grant.leaf);
    if (this.#byLeaf.size >= GRANTS_MAX) {
      throw new AuthorityError('TOO_LONG', `the registry holds at most ${GRANTS_MAX} grants`);
    }
    this.#byLeaf.set(grant.leaf, grant);
    for (const cid of grant.chain) {
      const leaves = this.#leavesByLink.get(cid) ?? new Set();
      this.#leavesByLink.set(cid, leaves.add(grant.leaf));
    }
    const bySubject = this.#byAudience.get(grant.audience) ?? new Map<string, Held[]>();
    this.#byAudience.set(grant.audience, bySubject);
    const held = bySubject.get(grant.subject) ?? [];
    bySubject.set(grant.subject, held);
    const added = { grant, covers: coverOf(grant.cmd) };
    held.splice(placeOf(held, added), 0, added);
  }

  /**
   * @param leaf CID of the leaf in base32
   * @returns the grant, or undefined where there is none or it was revoked
   */
  get(leaf: string): CompiledGrant | undefined {
    return this.#byLeaf.get(leaf);
  }

  /**
   * The grants that somebody may use for a command, most specific first; their policies, subjects
   * and times are for check() to judge. Of those whose policies are costly to judge, at most 32 about
   * one subject and 8 of them by one issuer, the most specific ones; a grant beyond that is used by
   * naming it (get). Counted for each subject, so that nobody who gives many grants hides those that
   * somebody else gave; and grants that only compare single values, as licences do, are all offered.
   *
   * @param audience DID of who calls
   * @param command path of what is to be done
   * @param subject only grants about this DID; who holds many from others does not pay for those
   */
  findFor(audience: string, command: string, subject?: string): CompiledGrant[] {
    const isWithin = costlyWithinLimits();
    const found: CompiledGrant[] = [];
    for (const { covers, grant } of this.#heldBy(audience, subject))
      if (covers(command) && isWithin(grant)) found.push(grant);
    return found;
  }

  #heldBy(audience: string, subject: string | undefined): readonly Held[] {
    const bySubject = this.#byAudience.get(principalOf(audience));
    if (bySubject === undefined) return [];
    if (subject !== undefined) return bySubject.get(principalOf(subject)) ?? [];
    return [...bySubject.values()].flat().toSorted(mostSpecificFirst);
  }

  /**
   * Revokes a delegation, held or not, for good: later chains with it are refused.
   *
   * @param cid of any link, in base32 or base58btc
   * @returns CIDs of the leaves whose grants were removed by it
   * @throws AuthorityError MALFORMED where it is no CID of a token
   */
  revoke(cid: string): string[] {
    const link = normaliseCid(cid);
    this.#revoked.add(link);
    const leaves = [...(this.#leavesByLink.get(link) ?? [])];
    for (const leaf of leaves) this.#remove(leaf);
    return leaves;
  }

  /** @returns whether a delegation was revoked; the CID in base32 */
  isRevoked(cid: string): boolean {
    return this.#revoked.has(cid);
  }

  /** Forgets a grant; unlike a revocation, it may be added again. */
  drop(leaf: string): void {
    this.#remove(leaf);
  }

  /**
   * Forgets the grants that have ended; they would be refused anyway.
   *
   * @param now_s seconds since the Unix epoch
   * @returns CIDs of their leaves
   */
  dropExpired(now_s: number): string[] {
    const ended: string[] = [];
    for (const { leaf, exp_s } of this.#byLeaf.values()) {
      if (exp_s !== null && now_s > exp_s) ended.push(leaf);
    }
    for (const leaf of ended) this.#remove(leaf);
    return ended;
  }

  #remove(leaf: string): void {
    const grant = this.#byLeaf.get(leaf);
    if (grant === undefined) return;
    this.#byLeaf.delete(leaf);
    for (const cid of grant.chain) {
      const leaves = this.#leavesByLink.get(cid);
      leaves?.delete(leaf);
      if (leaves?.size === 0) this.#leavesByLink.delete(cid);
    }
    const bySubject = this.#byAudience.get(grant.audience);
    const rest = (bySubject?.get(grant.subject) ?? []).filter((h) => h.grant !== grant);
    if (rest.length > 0) bySubject?.set(grant.subject, rest);
    else bySubject?.delete(grant.subject);
    if (bySubject?.size === 0) this.#byAudience.delete(grant.audience);
  }
}

interface Held {
  grant: CompiledGrant;
  covers: (command: string) => boolean;
}

/** Counts costly grants, asked in order; false for one too many. */
function costlyWithinLimits(): (grant: CompiledGrant) => boolean {
  const counts = new Map<string, number>();
  const isBelow = (key: string, max: number) => (counts.get(key) ?? 0) < max;
  const count = (key: string) => counts.set(key, (counts.get(key) ?? 0) + 1);
  return ({ costly, subject, links, rootIssuer }) => {
    if (!costly) return true;
    const ofIssuer = `${subject} ${links[0]?.iss ?? rootIssuer}`;
    if (!isBelow(subject, COSTLY_OF_SUBJECT_MAX) || !isBelow(ofIssuer, COSTLY_OF_ISSUER_MAX))
      return false;
    count(subject);
    count(ofIssuer);
    return true;
  };
}

/** Where a grant belongs among those of its audience and subject, which stand in order. */
function placeOf(held: readonly Held[], added: Held): number {
  let [low, high] = [0, held.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = held[middle];
    if (at !== undefined && mostSpecificFirst(at, added) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** More segments first; then the shorter chain; then by CID, so that the order is always one. */
function mostSpecificFirst(a: Held, b: Held): number {
  const bySegments = segments(b.grant.cmd) - segments(a.grant.cmd);
  if (bySegments !== 0) return bySegments;
  const byLength = a.grant.chain.length - b.grant.chain.length;
  if (byLength !== 0) return byLength;
  return a.grant.leaf < b.grant.leaf ? -1 : 1;
}

function segments(command: string): number {
  return command === '/' ? 0 : command.split('/').length - 1;
}
