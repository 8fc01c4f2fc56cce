import { createBus, outboxMigrations, type Bus } from '@anarq/bus';
import type { AnyContract, Result } from '@anarq/common-schemas';
import { createTickets, type BlockStore } from '@anarq/content';
import {
  createSealer,
  deriveLogKeys,
  deriveSecret,
  verifyGenesis,
  type RootKey,
} from '@anarq/crypto';
import { openLog } from '@anarq/log';
import type { Store } from '@anarq/store';
import {
  Telemetry,
  type Correlation,
  type Health,
  type HealthMonitor,
  type Observers,
} from '@anarq/telemetry';
import type { Call } from './call.ts';
import { Grants } from './grants.ts';
import { guardMigrations } from './guards.ts';
import { watchKernel } from './health.ts';
import { Identities, ownResource } from './identities.ts';
import { Invoker } from './kernel.ts';
import { timedStore } from './measures.ts';
import type { ModuleDefinition } from './module.ts';
import type { KernelParts, Probe } from './parts.ts';
import { carriedLog } from './prepared.ts';
import { ProcessDesk } from './processDesk.ts';
import { BatchRecords } from './record.ts';
import { Replay } from './replay.ts';
import type { NodeFacts, Services } from './services.ts';
import { Sessions } from './sessions.ts';
import { kernelMigrations } from './tables.ts';

/** What a kernel is made of. It owns none of it, but the log, which it opens and closes. */
export interface KernelOptions {
  readonly store: Store;
  readonly blocks: BlockStore;
  readonly rootKey: RootKey;
  readonly modules: readonly ModuleDefinition[];
  /** Genesis document of the operator; needed on the first start of a store, ignored later. */
  readonly operatorDocument?: unknown;
  readonly version: string;
  readonly now_ms?: () => number;
  readonly probe?: Probe;
  readonly onError?: (error: unknown, where: string, about?: Correlation) => void;
  /** Who is told of each call, beside the kernel's own counters. */
  readonly observers?: Observers;
}

/** A running kernel. */
export interface Kernel {
  /** Authenticates, authorises, runs and records one call; never throws. */
  invoke(call: Call): Promise<Result<unknown>>;
  readonly receivePart: Invoker['transfers']['receive'];
  readonly sendContent: Invoker['transfers']['send'];
  readonly contracts: readonly AnyContract[];
  readonly services: Services;
  readonly node: NodeFacts;
  /** What happened, in order: consumers subscribe here, each with a cursor of its own. */
  readonly events: Bus;
  readonly logKeys: { readonly trust: string; readonly ed25519: string; readonly mldsa44: string };
  /** Looks at the clock now, and does what is due; for a clock that was set. */
  lookAtClock(): Promise<void>;
  health(): Promise<Health>;
  readonly monitor: HealthMonitor;
  readonly telemetry: Telemetry;
  /** Finishes what is under way, records what waits, and closes the log. */
  close(): Promise<void>;
}

const DEFAULT_TENANT = 'home';
const DRAIN_MS = 10_000;

/** Brings the tables up to date, makes or finds the node's identities, and takes up open processes. */
export async function createKernel(options: KernelOptions): Promise<Kernel> {
  const { blocks, rootKey, modules, version } = options;
  const now_ms = options.now_ms ?? Date.now;
  const telemetry = new Telemetry(contractsOf(modules), options.observers);
  const onError = tellAll(options, telemetry);
  const store = timedStore(options.store, telemetry);

  await bringUpToDate(store, modules);
  const sealer = createSealer(rootKey);
  const identities = new Identities(store, sealer);
  const node = await foundNode(options, identities, now_ms());
  const grants = new Grants(store, identities);
  const keys = deriveLogKeys(rootKey.seed);
  const origin = `q/${node.did.slice('did:squid:'.length)}`;
  const tell = (where: string) => (error: unknown) => onError(error, where);
  const log = await openLog({ store, sealer, origin, keys, now_ms, onError: tell('log') });
  await grants.load(now_ms());

  const services: Services = {
    node,
    identities,
    sessions: new Sessions(store, sealer),
    grants,
    log,
    sealer,
    blocks,
    tickets: createTickets({ secret32: deriveSecret(rootKey.seed, 'tickets') }),
    processes: new ProcessDesk(() => ({ parts, processes: invoker.processes }), now_ms),
  };
  const bus = await createBus({ store, now_ms, onError: ({ error }) => onError(error, 'bus') });
  const batch = new BatchRecords(store, log, tell('batch'));
  const parts: KernelParts = {
    store,
    services,
    forModules: { ...services, log: carriedLog(log) },
    replay: new Replay(store, sealer),
    batch,
    probe: options.probe ?? (() => undefined),
    telemetry,
    onError,
    wake: () => {
      log.wake();
      bus.wake();
    },
  };
  const invoker = new Invoker(parts, modules, now_ms);
  const monitor = watchKernel(parts, bus, { version, now_ms });
  await invoker.processes.resume();
  invoker.processes.timers.start();
  for (const { onStart } of modules)
    await onStart?.({ services, invoke: (call) => invoker.invoke(call) });

  return {
    invoke: (call) => invoker.invoke(call),
    receivePart: (ticket, part) => invoker.transfers.receive(ticket, part),
    sendContent: (ticket, range) => invoker.transfers.send(ticket, range),
    contracts: contractsOf(modules),
    services,
    node,
    events: bus,
    logKeys: { trust: log.trust, ed25519: log.vkeys.ed25519, mldsa44: log.vkeys.mldsa44 },
    lookAtClock: () => invoker.processes.timers.look(),
    health: () => monitor.read(),
    monitor,
    telemetry,
    close: async () => {
      await invoker.drain(DRAIN_MS);
      await batch.flush();
      await bus.close();
      await log.close();
    },
  };
}

async function bringUpToDate(store: Store, modules: readonly ModuleDefinition[]): Promise<void> {
  await store.migrate('kernel', kernelMigrations);
  await store.migrate('guards', guardMigrations);
  await store.migrate('outbox', outboxMigrations);
  for (const { contract, migrations } of modules) await store.migrate(contract.name, migrations);
}

const contractsOf = (modules: readonly ModuleDefinition[]) =>
  modules.map(({ contract }) => contract);

/** What goes wrong inside is told to the log of the node, and to whoever opened it. */
const tellAll =
  ({ onError }: KernelOptions, { log }: Telemetry): KernelParts['onError'] =>
  (error, where, about) => {
    log?.error(error, where, about);
    onError?.(error, where, about);
  };

/** The node, its operator and its modules as identities: made on the first start, found later. */
async function foundNode(
  options: KernelOptions,
  identities: Identities,
  now_ms: number,
): Promise<NodeFacts> {
  const { store, modules } = options;
  const meta = new Map(
    (await store.read('SELECT key, value FROM kernel_meta')).map((row) => [
      row['key'] as string,
      row['value'] as string,
    ]),
  );
  const remember = (key: string, value: string) => ({
    sql: 'INSERT INTO kernel_meta (key, value) VALUES (:key, :value)',
    params: { key, value },
  });
  const tenant = meta.get('tenant') ?? DEFAULT_TENANT;
  const founding = [];
  if (!meta.has('operator')) {
    const operator = identities.prepareCreate({
      tenant,
      kind: 'person',
      name: 'operator',
      document: operatorDocument(options.operatorDocument),
      now_ms,
    });
    const node = identities.prepareCreate({
      tenant,
      kind: 'node',
      name: 'node',
      controller: operator.did,
      now_ms,
    });
    founding.push(
      ...operator.statements,
      ...node.statements,
      ownResource(tenant, 'node', operator.did),
      remember('tenant', tenant),
      remember('operator', operator.did),
      remember('node', node.did),
    );
    meta.set('operator', operator.did).set('node', node.did);
  }
  const founded = (key: string) => meta.get(key) ?? neverFounded(key);
  const ofModules: Record<string, string> = {};
  for (const { contract } of modules) {
    const key = `module ${contract.name}`;
    const known = meta.get(key);
    if (known !== undefined) {
      ofModules[contract.name] = known;
      continue;
    }
    const made = identities.prepareCreate({
      tenant,
      kind: 'module',
      name: contract.name,
      controller: founded('operator'),
      now_ms,
    });
    founding.push(...made.statements, remember(key, made.did));
    ofModules[contract.name] = made.did;
  }
  if (founding.length > 0) await store.commit(founding);
  const [did, operator] = [founded('node'), founded('operator')];
  return { did, operator, tenant, modules: ofModules };
}

function neverFounded(key: string): never {
  throw new Error(`the store does not say who the ${key} is`);
}

function operatorDocument(document: unknown): unknown {
  if (document === undefined)
    throw new Error('the first start of a node needs the genesis document of its operator');
  verifyGenesis(document);
  return document;
}
