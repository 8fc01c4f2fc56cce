import { GrantRegistry, type CompiledGrant } from '@anarq/authority';

/** Where grants are read from: those in force between two parties, and who the parties of one are. */
export interface GrantSource {
  /** Compiled, those that are in force now. */
  between(audience: string, subject: string): Promise<readonly CompiledGrant[]>;
  /** About whom somebody holds grants. */
  subjectsOf(audience: string): Promise<readonly string[]>;
  /** Who holds a grant, and about whom; undefined for one that is revoked or not known. */
  partiesOf(
    cid: string,
  ): Promise<{ readonly audience: string; readonly subject: string } | undefined>;
}

/** What one party holds about another, all of it. */
interface Pair {
  readonly audience: string;
  readonly leaves: Set<string>;
  readonly ready: Promise<void>;
}

/** Compiled grants kept in memory; about 4 KiB each. */
const KEPT_MAX = 20_000;

/**
 * The grants that calls ask for, compiled and kept. They are read when somebody first asks what one
 * party holds about another, always all between the two, so that what is kept answers as the store
 * would. A start reads none of them, and memory does not grow with those that nobody uses.
 */
export class GrantsInForce {
  readonly #source: GrantSource;
  readonly #kept_max: number;
  readonly #registry = new GrantRegistry();
  /** The least recently asked first. */
  readonly #pairs = new Map<string, Pair>();
  /** Holders of whom every pair is here. */
  readonly #whole = new Set<string>();
  /** Counts what came without its pair being here, and what went. */
  #changes = 0;

  constructor(source: GrantSource, kept_max = KEPT_MAX) {
    this.#source = source;
    this.#kept_max = kept_max;
  }

  /** How many are kept. */
  get size(): number {
    return this.#registry.size;
  }

  /** The grant, if it is in force; asked anew for every call. */
  async get(cid: string): Promise<CompiledGrant | undefined> {
    const known = this.#registry.get(cid);
    if (known !== undefined) return known;
    const parties = await this.#source.partiesOf(cid);
    if (parties === undefined) return undefined;
    return this.#between(parties.audience, parties.subject, () => this.#registry.get(cid));
  }

  /** What somebody may use for a command, about one subject or all; the most specific first. */
  async candidates(audience: string, command: string, subject?: string): Promise<CompiledGrant[]> {
    if (subject !== undefined)
      return this.#between(audience, subject, () =>
        this.#registry.findFor(audience, command, subject),
      );
    if (this.#whole.has(audience)) return this.#registry.findFor(audience, command);
    return this.#fromAll(audience, command);
  }

  /** A grant that was registered just now; a link that was revoked meanwhile leaves it out. */
  add(grant: CompiledGrant): void {
    const pair = this.#pairs.get(keyOf(grant.audience, grant.subject));
    // Nobody asked for the two yet: whoever does reads this one with the others.
    if (pair !== undefined) return this.#keep(pair.leaves, grant);
    this.#whole.delete(grant.audience);
    this.#changes += 1;
  }

  /** @returns the leaves of the grants that ended with it */
  revoke(cid: string): string[] {
    return this.#registry.revoke(cid);
  }

  /** Whether a delegation was revoked since the start. */
  wasRevoked(cid: string): boolean {
    return this.#registry.isRevoked(cid);
  }

  /** Looks among the grants between two, at a moment at which all of them are here. */
  async #between<T>(audience: string, subject: string, look: () => T): Promise<T> {
    const key = keyOf(audience, subject);
    for (;;) {
      const pair = this.#pairs.get(key) ?? this.#read(key, audience, subject);
      this.#pairs.delete(key);
      this.#pairs.set(key, pair);
      await pair.ready;
      // Others may have needed its room while it was awaited.
      if (this.#pairs.get(key) === pair) return look();
    }
  }

  #read(key: string, audience: string, subject: string): Pair {
    const leaves = new Set<string>();
    const pair: Pair = { audience, leaves, ready: this.#fill(key, audience, subject, leaves) };
    return pair;
  }

  async #fill(key: string, audience: string, subject: string, leaves: Set<string>): Promise<void> {
    try {
      for (const grant of await this.#source.between(audience, subject)) this.#keep(leaves, grant);
      this.#makeRoom(key);
    } catch (error) {
      const pair = this.#pairs.get(key);
      if (pair?.leaves === leaves) this.#forget(key, pair);
      throw error;
    }
  }

  async #fromAll(audience: string, command: string): Promise<CompiledGrant[]> {
    const before = this.#changes;
    const found: CompiledGrant[] = [];
    for (const subject of await this.#source.subjectsOf(audience))
      found.push(...(await this.candidates(audience, command, subject)));
    // Something came or went meanwhile: what was found answers this question, and no other.
    if (this.#changes !== before) return found;
    this.#whole.add(audience);
    return this.#registry.findFor(audience, command);
  }

  #keep(leaves: Set<string>, grant: CompiledGrant): void {
    if (grant.chain.some((cid) => this.#registry.isRevoked(cid))) return;
    this.#registry.add(grant);
    leaves.add(grant.leaf);
  }

  #makeRoom(asked: string): void {
    for (const [key, pair] of this.#pairs) {
      // A pair without grants takes room as well.
      if (this.#registry.size <= this.#kept_max && this.#pairs.size <= this.#kept_max) return;
      if (key !== asked) this.#forget(key, pair);
    }
  }

  #forget(key: string, pair: Pair): void {
    this.#pairs.delete(key);
    this.#whole.delete(pair.audience);
    this.#changes += 1;
    for (const leaf of pair.leaves) this.#registry.drop(leaf);
  }
}

const keyOf = (audience: string, subject: string): string => `${audience}\n${subject}`;
