import type { Migration, Store } from '@anarq/store';
import type { Identities, IdentityRecord } from './identities.ts';
import { prepared } from './prepared.ts';
import type { Prepared, ProcessAdmin, ProcessView } from './processViews.ts';
import type { Sessions } from './sessions.ts';

/** When an identity was stopped last: what was given out before that instant is worthless after. */
export const stopMigrations: readonly Migration[] = [
  {
    id: 1,
    sql: `CREATE TABLE kernel_stop (
  did TEXT PRIMARY KEY, stopped_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;`,
  },
];

const SUBS_MAX = 1_000;

/** What one stop ends. */
export interface Stop extends Prepared {
  readonly sessions: number;
  readonly tokens: number;
  /** Cancelled: they begin no step, and are undone. */
  readonly processes: readonly ProcessView[];
  /** They wait for a person already; nobody can have them go on while the stop lasts. */
  readonly parked: readonly ProcessView[];
}

interface Behind {
  readonly identities: Identities;
  readonly sessions: Sessions;
}

/** Ends at once everything that an identity has under way. Administered by sQuid. */
export class Stops {
  readonly #store: Store;
  readonly #services: Behind;
  /** Few, and asked for at every piece of a download. */
  readonly #stopped = new Map<string, number>();

  constructor(store: Store, services: Behind) {
    this.#store = store;
    this.#services = services;
  }

  /** Reads who was stopped. Called once, before the first call. */
  async load(): Promise<void> {
    for (const row of await this.#store.read('SELECT did, stopped_ms FROM kernel_stop'))
      this.#stopped.set(row['did'] as string, Number(row['stopped_ms']));
  }

  /** Whether a stop of one of these ended what was given out at an instant; says of which. */
  endedBy(dids: Iterable<string>, given_ms: number): string | undefined {
    if (this.#stopped.size === 0) return undefined;
    for (const did of dids) if ((this.#stopped.get(did) ?? -1) >= given_ms) return did;
    return undefined;
  }

  /**
   * Prepares to stop an identity and its sub-identities: it is suspended, its sessions and tokens
   * end, and processes that it called, that act for it, or that stand on a grant of it are cancelled.
   */
  async prepare(identity: IdentityRecord, processes: ProcessAdmin, now_ms: number): Promise<Stop> {
    const dids = [identity.did, ...(await this.#subsOf(identity))];
    const { identities, sessions } = this.#services;
    const status = identities.prepareStatus(identity.did, 'suspended');
    const access = await sessions.prepareEndAll(dids, now_ms);
    const touched = await processes.openBehind(new Set(dids));
    const isParked = ({ state }: ProcessView) => state === 'NEEDS_ATTENTION';
    const stopped = touched.filter((one) => !isParked(one));
    const stop = processes.prepareStopAll(stopped.map(({ id }) => id));
    return {
      statements: [
        ...status.statements,
        ...prepared(
          dids.map((did) => ({
            name: `stop of ${did}`,
            sql: `INSERT INTO kernel_stop (did, stopped_ms) VALUES (:did, :now_ms)
                  ON CONFLICT (did) DO UPDATE SET stopped_ms = excluded.stopped_ms`,
            params: { did, now_ms },
          })),
        ),
        ...access.statements,
        ...stop.statements,
      ],
      activate: () => {
        status.activate();
        for (const did of dids) this.#stopped.set(did, now_ms);
        access.activate();
        stop.activate();
      },
      sessions: access.sessions,
      tokens: access.tokens,
      processes: stopped,
      parked: touched.filter(isParked),
    };
  }

  async #subsOf({ did, tenant }: IdentityRecord): Promise<string[]> {
    const rows = await this.#store.read(
      `SELECT did FROM kernel_identity WHERE tenant = :tenant AND controller = :did AND parent = :did
       LIMIT :max`,
      { tenant, did, max: SUBS_MAX },
    );
    return rows.map((row) => row['did'] as string);
  }
}
