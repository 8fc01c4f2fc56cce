import { outboxMigrations } from '@anarq/bus';
import { createTickets } from '@anarq/content';
import {
  createSealer,
  deriveLogKeys,
  deriveSecret,
  randomBytes,
  toBase64url,
  type RootKey,
} from '@anarq/crypto';
import { openLog } from '@anarq/log';
import type { BlockStore } from '@anarq/content';
import type { Store } from '@anarq/store';
import { feedMigrations } from './apart/feedTables.ts';
import { Endings } from './endings.ts';
import { foundNode, type FoundingPlace } from './founding.ts';
import { Grants } from './grants.ts';
import { guardMigrations } from './guards.ts';
import { Identities } from './identities.ts';
import type { ModuleDefinition } from './module.ts';
import { alertMigrations } from './nodeWatch.ts';
import type { Services } from './services.ts';
import { Sessions } from './sessions.ts';
import { switchMigrations } from './shedding.ts';
import { kernelMigrations } from './tables.ts';

/** Brings the tables up to date, finds who the node is, and opens what its modules administer. */
export async function openServices(
  order: {
    readonly blocks: BlockStore;
    readonly rootKey: RootKey;
    readonly modules: readonly ModuleDefinition[];
    readonly foundingPlace?: FoundingPlace;
    readonly moduleNames?: readonly string[];
    readonly operatorDocument?: unknown;
  },
  store: Store,
  now_ms: () => number,
  onError: (error: unknown) => void,
): Promise<{
  readonly services: Omit<Services, 'processes' | 'events' | 'watch' | 'shedding'>;
  readonly process: string;
}> {
  const { blocks, rootKey, modules } = order;
  await bringUpToDate(store, modules);
  const sealer = createSealer(rootKey);
  const endings = new Endings();
  const identities = new Identities(store, sealer, endings);
  const here = modules.map(({ contract }) => contract.name);
  const { process, ...node } = await foundNode({
    store,
    identities,
    sealer,
    place: order.foundingPlace,
    operatorDocument: order.operatorDocument,
    modules: [...new Set([...here, ...(order.moduleNames ?? [])])],
    processName: toBase64url(randomBytes(9)),
    now_ms: now_ms(),
  });
  await identities.load();
  const grants = new Grants(store, identities, endings, now_ms);
  const keys = deriveLogKeys(rootKey.seed);
  const origin = logOrigin(node.did, process);
  const log = await openLog({ store, sealer, origin, keys, now_ms, onError });
  const services = {
    node,
    identities,
    sessions: new Sessions(store, sealer),
    grants,
    log,
    sealer,
    blocks,
    contracts: modules.map(({ contract }) => contract),
    tickets: createTickets({ secret32: deriveSecret(rootKey.seed, 'tickets') }),
    endings,
  };
  return { services, process };
}

async function bringUpToDate(store: Store, modules: readonly ModuleDefinition[]): Promise<void> {
  await store.migrate('kernel', kernelMigrations);
  await store.migrate('guards', guardMigrations);
  await store.migrate('alerts', alertMigrations);
  await store.migrate('switches', switchMigrations);
  await store.migrate('outbox', outboxMigrations);
  await store.migrate('feed', feedMigrations);
  for (const { contract, migrations } of modules) await store.migrate(contract.name, migrations);
}

/** One log for each process that keeps a store: the same keys never sign two trees of one name. */
const logOrigin = (did: string, process: string): string =>
  `q/${did.slice('did:squid:'.length)}${process === '' ? '' : `/${process}`}`;
