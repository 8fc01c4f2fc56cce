import type { AnyContract } from '@anarq/common-schemas';
import type { Allotments } from './allotments.ts';
import type { BlockStore, Tickets } from '@anarq/content';
import type { Sealer } from '@anarq/crypto';
import type { Log, Receipt } from '@anarq/log';
import type { Endings } from './endings.ts';
import type { EventReader } from './eventReader.ts';
import type { Grants } from './grants.ts';
import type { NodeWatching } from './nodeStatus.ts';
import type { Identities } from './identities.ts';
import type { ProcessAdmin } from './processViews.ts';
import type { Sessions } from './sessions.ts';
import type { Stops } from './stops.ts';
import type { Shedding } from './shedding.ts';

/**
 * The state behind the kernel's ports, for the modules that administer it: sQuid the identities and
 * sessions, Qonsent the grants, Qerberos the log, Qlock and Qdrive the sealer and the blocks.
 */
export interface Services {
  readonly node: NodeFacts;
  readonly identities: Identities;
  readonly sessions: Sessions;
  readonly grants: Grants;
  /** Parts of budgets that nodes set aside for each other. */
  readonly allotments: Allotments;
  readonly stops: Stops;
  readonly log: Log;
  readonly sealer: Sealer;
  readonly blocks: BlockStore;
  readonly tickets: Tickets;
  readonly processes: ProcessAdmin;
  /** What runs in this process, as it says of itself. */
  readonly contracts: readonly AnyContract[];
  /** Health, alerts, and what was measured against the objectives. */
  readonly watch: NodeWatching;
  /** What happened, for who may see it. */
  readonly events: EventReader;
  /** Told when a grant, a token or an identity ends before its time. */
  readonly endings: Endings;
  /** What the node does without under pressure, and what the operator switched off. */
  readonly receipts: Receipts;
  readonly shedding: Pick<Shedding, 'switches' | 'prepareSwitch'>;
}

/** Receipts of records and their steps, wherever in the node they were made. */
export interface Receipts {
  /**
   * @returns the receipt; and the modules whose process could not be asked for its records
   * @throws LogError NOT_FOUND, LIMIT
   */
  of(
    cid: string,
    party: string,
  ): Promise<{ readonly receipt: Receipt; readonly missing: readonly string[] }>;
}

export interface NodeFacts {
  /** DID of the node. */
  readonly did: string;
  /** DID of the operator, who owns the resource `node`. */
  readonly operator: string;
  /** Tenant of the operator, and of the modules' own identities. */
  readonly tenant: string;
  /** DIDs of the modules' own identities, by module name. */
  readonly modules: Readonly<Record<string, string>>;
}
