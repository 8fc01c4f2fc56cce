import { AuthorityError, PERIODIC, type CompiledGrant } from '@anarq/authority';
import { fail, type ErrorCode, type Why } from '@anarq/common-schemas';
import { delegate, type DelegateOrder, type IdentityKeys } from '@anarq/crypto';
import type { Statement, Store } from '@anarq/store';
import { fed } from './apart/feedTables.ts';
import { minorOf } from './budgetCounters.ts';
import { budgetStatesOf, type BudgetState } from './budgetState.ts';
import { drawnBy, type Drawn } from './drawn.ts';
import type { Endings } from './endings.ts';
import { GrantsInForce } from './grantsInForce.ts';
import { CHAIN_MAX, recordOf, StoredGrants, type GrantRecord } from './storedGrants.ts';
import type { Identities } from './identities.ts';
import { prepared } from './prepared.ts';

/** What an issuer wants to delegate. */
export type DelegationOrder = Omit<DelegateOrder, 'keys'>;

/** The codes of the engine in the words of the error table. */
const CODES: Readonly<Record<AuthorityError['code'], ErrorCode>> = {
  MALFORMED: 'GRANT_MALFORMED',
  BAD_SIGNATURE: 'SIGNATURE_INVALID',
  EXPIRED: 'GRANT_EXPIRED',
  NOT_YET_VALID: 'GRANT_EXPIRED',
  BROKEN_CHAIN: 'GRANT_CHAIN_BROKEN',
  OVER_BROAD: 'GRANT_OVER_BROAD',
  CYCLE: 'GRANT_CYCLIC',
  REVOKED: 'GRANT_REVOKED',
  TOO_LONG: 'LIMIT_EXCEEDED',
  WRONG_SUBJECT: 'GRANT_CHAIN_BROKEN',
  WRONG_AUDIENCE: 'GRANT_CHAIN_BROKEN',
  COMMAND_NOT_COVERED: 'GRANT_OVER_BROAD',
  POLICY: 'QONSENT_DENIED',
};

const UNREVOKED_MAX = 100_000;

/** Who may what. Administered by Qonsent; read at every call. */
export class Grants {
  readonly #store: Store;
  readonly #identities: Identities;
  readonly #endings: Endings;
  readonly #stored: StoredGrants;
  readonly #now_ms: () => number;
  readonly #inForce: GrantsInForce;
  /** Delegations that were not revoked when they were last looked at, nor since. */
  readonly #unrevoked = new Set<string>();

  constructor(
    store: Store,
    identities: Identities,
    endings: Endings,
    now_ms: () => number = Date.now,
  ) {
    this.#store = store;
    this.#identities = identities;
    this.#endings = endings;
    this.#now_ms = now_ms;
    this.#stored = new StoredGrants(store, identities, now_ms);
    this.#inForce = new GrantsInForce(this.#stored);
  }

  /** Signs a delegation with the keys of its issuer. */
  sign(order: DelegationOrder, keys: IdentityKeys): Uint8Array {
    return delegate({ ...order, keys });
  }

  /**
   * Validates a delegation and prepares to register it.
   * @param proof CID of the registered delegation that it passes on; absent: it is a root
   * @returns its CID, the statements for a commit, and what to do once that is durable
   * @throws the error of the table that says which rule of the chain it breaks
   */
  async prepareRegister(order: {
    readonly token: Uint8Array;
    readonly proof?: string | undefined;
    readonly tenant: string;
    readonly purpose: string;
    readonly now_ms: number;
  }): Promise<{ grant: CompiledGrant; statements: Statement[]; activate: () => void }> {
    const grant = await this.#inTableWords(() =>
      this.#stored.compile(order.token, order.proof, order.now_ms),
    );
    const issuer = grant.links[0]?.iss ?? grant.rootIssuer;
    const statements: Statement[] = [
      ...(order.proof === undefined ? [] : [stillInForce(grant.chain.slice(1))]),
      {
        name: `grant ${grant.leaf}`,
        sql: `INSERT INTO kernel_grant (cid, tenant, token, proof, issuer, audience, subject, command, purpose, exp_s, created_ms)
              VALUES (:cid, :tenant, :token, :proof, :issuer, :audience, :subject, :command, :purpose, :exp_s, :now_ms)`,
        params: {
          cid: grant.leaf,
          tenant: order.tenant,
          token: order.token,
          proof: order.proof ?? null,
          issuer,
          audience: grant.audience,
          subject: grant.subject,
          command: grant.cmd,
          purpose: order.purpose,
          exp_s: grant.exp_s,
          now_ms: order.now_ms,
        },
      },
      {
        sql: 'INSERT INTO kernel_resource (tenant, resource, owner) VALUES (:tenant, :resource, :owner)',
        params: {
          tenant: order.tenant,
          resource: `qonsent/grant/${grant.leaf}`,
          owner: issuer,
        },
      },
      ...fed('grant', grant.leaf),
    ];
    for (const own of grant.budgets.filter((budget) => budget.cid === grant.leaf))
      statements.push({
        sql: `INSERT INTO kernel_budget (grant_cid, unit, total_minor, per_call_minor)
              VALUES (:counter, :unit, :total_minor, :per_call_minor)`,
        params: {
          counter: own.counter,
          unit: own.unit,
          total_minor: own.total === undefined ? null : minorOf(own.total, own.unit),
          per_call_minor: own.perCall === undefined ? null : minorOf(own.perCall, own.unit),
        },
      });
    for (const { member } of PERIODIC) {
      // An amount that its unit does not have is refused now, not when somebody spends.
      for (const own of grant.budgets)
        if (own.cid === grant.leaf && own[member] !== undefined) minorOf(own[member], own.unit);
    }
    return { grant, statements: prepared(statements), activate: () => this.#inForce.add(grant) };
  }

  /** Prepares to revoke a delegation, and with it every one that builds on it. */
  prepareRevoke(
    cid: string,
    now_ms: number,
  ): { statements: Statement[]; activate: () => string[] } {
    return {
      statements: prepared([
        {
          name: `revoke ${cid}`,
          sql: 'UPDATE kernel_grant SET revoked_ms = :now_ms WHERE cid = :cid AND revoked_ms IS NULL',
          params: { cid, now_ms },
        },
        {
          sql: `UPDATE kernel_token SET revoked_ms = :now_ms WHERE revoked_ms IS NULL AND grant_cid = :cid`,
          params: { cid, now_ms },
        },
        ...fed('grant', cid),
      ]),
      activate: () => this.#end(cid),
    };
  }

  /** Puts a grant in force, or out of it, that another process of this node decided on. */
  async follow(cid: string, now_ms: number): Promise<void> {
    const record = await this.get(cid);
    if (record === undefined) return;
    if (record.revoked_ms !== undefined) return void this.#end(cid);
    try {
      this.#inForce.add(await this.#stored.compile(record.token, record.proof, now_ms, true));
    } catch (error) {
      // A link above it has ended meanwhile; then there is no such grant.
      if (!(error instanceof AuthorityError)) throw error;
    }
  }

  #end(cid: string): string[] {
    this.#unrevoked.delete(cid);
    const ended = this.#inForce.revoke(cid);
    this.#endings.tell();
    return ended;
  }

  /** The compiled grant, if it is in force; looked up anew for every call. */
  active(cid: string): Promise<CompiledGrant | undefined> {
    return this.#inForce.get(cid);
  }

  /** The guard that a grant, and every link above it, was in force when the commit happened. */
  async stillInForce(cid: string): Promise<Statement[]> {
    const grant = await this.active(cid);
    return prepared([stillInForce(grant?.chain ?? [cid])]);
  }

  /** Who of those behind a grant is suspended: until that ends, the grant admits nobody. */
  suspendedBehind(grant: CompiledGrant): string | undefined {
    return this.#identities.firstSuspended(grant.links.map(({ iss }) => iss));
  }

  /** How many are kept ready in memory: those that somebody asked for. */
  get size(): number {
    return this.#inForce.size;
  }

  get(cid: string): Promise<GrantRecord | undefined> {
    return this.#stored.get(cid);
  }

  /** Whether a delegation was revoked. What was once looked up is told of here when it is revoked. */
  async isRevoked(cid: string): Promise<boolean> {
    if (this.#inForce.wasRevoked(cid)) return true;
    if (this.#unrevoked.has(cid)) return false;
    const record = await this.get(cid);
    if (record?.revoked_ms !== undefined || this.#inForce.wasRevoked(cid)) return true;
    if (record !== undefined) this.#rememberUnrevoked(cid);
    return false;
  }

  /** Whether a delegation was revoked since the start. */
  wasRevoked(cid: string): boolean {
    return this.#inForce.wasRevoked(cid);
  }

  /** The first of these delegations that was revoked. */
  async firstRevoked(cids: readonly string[]): Promise<string | undefined> {
    for (const cid of cids) if (await this.isRevoked(cid)) return cid;
    return undefined;
  }

  #rememberUnrevoked(cid: string): void {
    if (this.#unrevoked.size >= UNREVOKED_MAX) this.#unrevoked.clear();
    this.#unrevoked.add(cid);
  }

  /** Grants somebody may use for a command, of one subject where it is given; the most specific first. */
  async candidates(audience: string, command: string, subject?: string): Promise<CompiledGrant[]> {
    const found = await this.#inForce.candidates(audience, command, subject);
    return found.filter((grant) => this.suspendedBehind(grant) === undefined);
  }

  /**
   * How a grant that somebody holds ended: by a revocation, of it or of one above it, or by time.
   * @returns undefined when it did not end so, is unknown, or is somebody else's
   */
  async endOf(
    cid: string,
    holder: string,
    now_ms: number,
  ): Promise<{ code: 'GRANT_REVOKED' | 'GRANT_EXPIRED'; why: Why } | undefined> {
    let record = await this.get(cid);
    if (record?.audience !== holder) return undefined;
    for (let links = 0; record !== undefined && links < CHAIN_MAX; links++) {
      const why = { grant: record.cid, changeableBy: record.issuer };
      if (record.revoked_ms !== undefined)
        return { code: 'GRANT_REVOKED', why: { ...why, rule: 'the grant was revoked' } };
      if (record.exp_s !== undefined && record.exp_s < Math.floor(now_ms / 1000))
        return { code: 'GRANT_EXPIRED', why: { ...why, rule: 'the grant has ended' } };
      record = record.proof === undefined ? undefined : await this.get(record.proof);
    }
    return undefined;
  }

  /** Grants that somebody gave or received, newest first. */
  async involving(
    tenant: string,
    did: string,
    page: { readonly limit: number; readonly before?: string | undefined },
  ): Promise<GrantRecord[]> {
    const rows = await this.#store.read(
      `SELECT * FROM kernel_grant WHERE tenant = :tenant
         AND (audience = :did OR subject = :did OR issuer = :did)
         AND (created_ms, cid) < (:created_ms, :cid)
       ORDER BY created_ms DESC, cid DESC LIMIT :limit`,
      { tenant, did, limit: page.limit, ...placeOf(page.before) },
    );
    return rows.map(recordOf);
  }

  /** What a link lets its holder spend and call, and what was taken of it; also of one that has ended. */
  async budgets(cid: string): Promise<BudgetState[]> {
    const record = await this.get(cid);
    if (record === undefined) return [];
    return budgetStatesOf(this.#store, record.token, this.#now_ms());
  }

  /** What a link lets its holder spend; undefined where it carries no such budget. */
  async budget(cid: string): Promise<BudgetState | undefined> {
    return (await this.budgets(cid)).find(({ counts }) => counts === 'amount');
  }

  /** What some records drew on budgets, and how those stood before and after. */
  drawn(records: readonly string[]): Promise<Drawn[]> {
    return drawnBy(this.#store, records);
  }

  async #inTableWords<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof AuthorityError)) throw error;
      return fail(CODES[error.code], `${error.message}.`, {
        rule: error.code,
        ...(error.link === undefined ? {} : { link: error.link }),
      });
    }
  }
}

/** The guard that every link was in force when the commit happened. */
export const stillInForce = (cids: readonly string[]): Statement => ({
  name: 'grants in force',
  sql: inForceSql(cids.length),
  params: Object.fromEntries(cids.map((cid, i) => [`c${i}`, cid])),
  expect: { rows: cids.length },
});

const inForceTexts: string[] = [];
const inForceSql = (count: number): string =>
  (inForceTexts[count] ??=
    `SELECT cid FROM kernel_grant WHERE revoked_ms IS NULL AND cid IN (${Array.from(
      { length: count },
      (_, i) => `:c${i}`,
    ).join(', ')})`);

/** A place in the list by age: 15 digits of milliseconds, then the CID; without one, its end. */
const placeOf = (before: string | undefined) => ({
  created_ms: before === undefined ? Number.MAX_SAFE_INTEGER : Number(before.slice(0, 15)),
  cid: before?.slice(15) ?? '',
});
