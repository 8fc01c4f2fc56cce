import { fail, type OwnWork } from '@anarq/common-schemas';
import type { Row, Statement } from '@anarq/store';
import type { ModuleDefinition } from './module.ts';
import type { KernelParts } from './parts.ts';
import { prepared } from './prepared.ts';
import type { AuthorityView, Prepared } from './processViews.ts';

/** What a module may do without being called, as the operator let it. */
interface Covered {
  readonly consumes: readonly string[];
  readonly schedules: readonly string[];
  readonly uses: readonly string[];
}

interface Kept {
  /** CID of a root delegation of the node without an end: the whole of its chain. */
  readonly grant: string;
  readonly covers: Covered;
  /** It had ended when the node started. */
  readonly isEnded: boolean;
}

/**
 * The authority under which a module acts by itself: a grant from the node to the module, made when
 * the operator first starts it, and ended by the operator at any time. A release that does more by
 * itself than the grant covers does nothing by itself until the operator gives it again.
 */
export class Authorities {
  readonly #parts: KernelParts;
  readonly #now_ms: () => number;
  readonly #works = new Map<string, OwnWork>();
  readonly #kept = new Map<string, Kept>();
  /** Told when an authority was given or ended. */
  onChange: (module: string) => void = () => undefined;

  constructor(parts: KernelParts, modules: readonly ModuleDefinition[], now_ms: () => number) {
    this.#parts = parts;
    this.#now_ms = now_ms;
    for (const { contract } of modules)
      if (contract.ownWork !== undefined) this.#works.set(contract.name, contract.ownWork);
  }

  /** Reads what was given, and gives what a module that is new on this node asks for. */
  async load(): Promise<void> {
    for (const row of await this.#parts.store.read(
      `SELECT a.module, a.grant_cid, a.covers, g.revoked_ms FROM kernel_authority a
       LEFT JOIN kernel_grant g ON g.cid = a.grant_cid`,
    ))
      this.#kept.set(row['module'] as string, keptOf(row));
    for (const module of this.#works.keys()) {
      if (this.#kept.has(module)) continue;
      const { statements, activate } = await this.prepareGive(module);
      await this.#parts.store.commit(statements);
      activate();
    }
  }

  /** The grant under which a module acts by itself now; undefined where it may not. */
  grantOf(
    module: string,
  ): { readonly leaf: string; readonly chain: readonly string[] } | undefined {
    const kept = this.#kept.get(module);
    const work = this.#works.get(module);
    if (kept === undefined || work === undefined || !isWithin(work, kept.covers)) return undefined;
    return this.#isInForce(kept) ? { leaf: kept.grant, chain: [kept.grant] } : undefined;
  }

  list(): AuthorityView[] {
    return [...this.#works].map(([module, work]) => {
      const kept = this.#kept.get(module);
      return {
        module,
        identity: this.#parts.services.node.modules[module] ?? '',
        grant: kept?.grant,
        state: this.#stateOf(work, kept),
        consumes: work.consumes,
        schedules: Object.entries(work.schedules).map(([name, { every }]) => ({ name, every })),
        uses: work.uses,
      };
    });
  }

  #stateOf(work: OwnWork, kept: Kept | undefined): AuthorityView['state'] {
    if (kept === undefined || !this.#isInForce(kept)) return 'REVOKED';
    return isWithin(work, kept.covers) ? 'IN_FORCE' : 'ASKS_FOR_MORE';
  }

  #isInForce = ({ isEnded, grant }: Kept): boolean =>
    !isEnded && !this.#parts.services.grants.wasRevoked(grant);

  /** Gives a module the authority that its contract asks for now. */
  async prepareGive(module: string): Promise<Prepared> {
    const work = this.#works.get(module) ?? noOwnWork(module);
    const { services } = this.#parts;
    const audience = services.node.modules[module] ?? noOwnWork(module);
    const now_ms = this.#now_ms();
    const token = services.grants.sign(
      {
        issuer: services.node.did,
        audience,
        subject: services.node.did,
        command: `/node/act/${module}`,
        policy: [],
      },
      await services.identities.custodyKeys(services.node.did),
    );
    const made = await services.grants.prepareRegister({
      token,
      tenant: services.node.tenant,
      purpose: `what ${module} does by itself`,
      now_ms,
    });
    const kept: Kept = { grant: made.grant.leaf, covers: coveredBy(work), isEnded: false };
    const before = this.#kept.get(module);
    const ended =
      before === undefined ? undefined : services.grants.prepareRevoke(before.grant, now_ms);
    const statements: Statement[] = prepared([
      ...(ended?.statements ?? []),
      ...made.statements,
      {
        name: `authority ${module}`,
        sql: `INSERT INTO kernel_authority (module, grant_cid, covers, created_ms)
              VALUES (:module, :grant, :covers, :now_ms)
              ON CONFLICT (module) DO UPDATE SET grant_cid = :grant, covers = :covers, created_ms = :now_ms`,
        params: { module, grant: kept.grant, covers: JSON.stringify(kept.covers), now_ms },
      },
    ]);
    return {
      statements,
      activate: () => {
        ended?.activate();
        made.activate();
        this.#kept.set(module, kept);
        this.onChange(module);
      },
    };
  }

  /** Ends it: what the module had begun stops at its next step, and nothing new begins. */
  prepareEnd(module: string): Prepared {
    const kept = this.#kept.get(module) ?? noOwnWork(module);
    const { statements, activate } = this.#parts.services.grants.prepareRevoke(
      kept.grant,
      this.#now_ms(),
    );
    return {
      statements,
      activate: () => {
        activate();
        this.onChange(module);
      },
    };
  }
}

const coveredBy = (work: OwnWork): Covered => ({
  consumes: work.consumes,
  schedules: Object.keys(work.schedules),
  uses: work.uses,
});

function isWithin(work: OwnWork, covers: Covered): boolean {
  const asked = coveredBy(work);
  const all = (some: readonly string[], of: readonly string[]) =>
    some.every((one) => of.includes(one));
  return (
    all(asked.consumes, covers.consumes) &&
    all(asked.schedules, covers.schedules) &&
    all(asked.uses, covers.uses)
  );
}

const keptOf = (row: Row): Kept => ({
  grant: row['grant_cid'] as string,
  isEnded: row['revoked_ms'] !== null,
  covers: JSON.parse(row['covers'] as string) as Covered,
});

const noOwnWork = (module: string): never =>
  fail('QINDEX_NOT_FOUND', `${module.slice(0, 64)} does nothing by itself on this node.`);
