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
import { openLog, type Log, type LogOptions } from '@anarq/log';
import type { BlockStore } from '@anarq/content';
import type { Store } from '@anarq/store';
import { Allotments } from './allotments.ts';
import { feedMigrations } from './apart/feedTables.ts';
import { Endings } from './endings.ts';
import { readFence, recordLift, type Fence } from './fence.ts';
import { foundNode, type FoundingPlace } from './founding.ts';
import { Grants } from './grants.ts';
import { guardMigrations } from './guards.ts';
import { Identities } from './identities.ts';
import type { ModuleDefinition } from './module.ts';
import { alertMigrations } from './nodeWatch.ts';
import { recordRotations, Resealing } from './rotation.ts';
import type { Services } from './services.ts';
import { Sessions } from './sessions.ts';
import { stopMigrations, Stops } from './stops.ts';
import { checkMode } from './standalone/mode.ts';
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
    readonly isStandalone?: boolean;
  },
  store: Store,
  now_ms: () => number,
  onError: (error: unknown) => void,
): Promise<{
  readonly services: Omit<Services, 'processes' | 'events' | 'watch' | 'shedding' | 'receipts'>;
  readonly process: string;
  /** Name of the log. */
  readonly origin: string;
  readonly fence: Fence;
  readonly resealing: Resealing;
}> {
  const { blocks, rootKey, modules, isStandalone = false } = order;
  await bringUpToDate(store, modules, () => checkMode(store, order.foundingPlace, isStandalone));
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
    isStandalone,
  });
  await identities.load();
  const grants = new Grants(store, identities, endings, now_ms);
  const sessions = new Sessions(store, sealer);
  const stops = new Stops(store, { identities, sessions });
  await stops.load();
  const fence = await readFence(store);
  const name = logOrigin(node.did, process);
  const origin = fence.generation === '' ? name : `${name}/${fence.generation}`;
  const log = await openNodeLog({ store, sealer, now_ms, onError }, { name, origin, rootKey });
  await recordLift(store, log, node, fence.generation);
  const resealing = new Resealing({ store, sealer, modules }, rootKey);
  // A restored copy changes nothing until it may write.
  if (fence.since === undefined) await recordRotations(store, log, node, rootKey);
  const services = {
    node,
    identities,
    sessions,
    grants,
    allotments: new Allotments(store, identities, node.did),
    stops,
    log,
    sealer,
    blocks,
    contracts: modules.map(({ contract }) => contract),
    tickets: createTickets({ secret32: deriveSecret(rootKey.seed, 'tickets') }),
    endings,
  };
  return { services, process, origin, fence, resealing };
}

/** The log of a node under the keys of its root key; those before hand it over where they signed it last. */
function openNodeLog(
  order: Pick<LogOptions, 'store' | 'sealer' | 'now_ms' | 'onError'>,
  of: { readonly name: string; readonly origin: string; readonly rootKey: RootKey },
): Promise<Log> {
  const { name, origin, rootKey } = of;
  return openLog({
    ...order,
    origin,
    continues: name,
    keys: deriveLogKeys(rootKey.seed),
    keysBefore: (rootKey.earlier ?? []).flatMap(({ seed }) =>
      seed === undefined ? [] : [deriveLogKeys(seed)],
    ),
  });
}

/** @param check looks at what the kernel keeps, before any module's tables are touched */
async function bringUpToDate(
  store: Store,
  modules: readonly ModuleDefinition[],
  check: () => Promise<void>,
): Promise<void> {
  await store.migrate('kernel', kernelMigrations);
  await check();
  await store.migrate('guards', guardMigrations);
  await store.migrate('alerts', alertMigrations);
  await store.migrate('stops', stopMigrations);
  await store.migrate('switches', switchMigrations);
  await store.migrate('outbox', outboxMigrations);
  await store.migrate('feed', feedMigrations);
  for (const { contract, migrations } of modules) await store.migrate(contract.name, migrations);
}

/** One log for each process that keeps a store: the same keys never sign two trees of one name. */
const logOrigin = (did: string, process: string): string =>
  `q/${did.slice('did:squid:'.length)}${process === '' ? '' : `/${process}`}`;
