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
import type { Call } from './call.ts';
import { Grants } from './grants.ts';
import { guardMigrations } from './guards.ts';
import { Identities, ownResource } from './identities.ts';
import { Invoker } from './kernel.ts';
import type { ModuleDefinition } from './module.ts';
import type { KernelParts, Probe } from './parts.ts';
import { carriedLog } from './prepared.ts';
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
  readonly onError?: (error: unknown, where: string) => void;
}

export interface Health {
  readonly status: 'healthy' | 'degraded' | 'unhealthy';
  readonly timestamp: string;
  readonly version: string;
  readonly dependencies: Readonly<
    Record<
      string,
      {
        readonly status: 'up' | 'down' | 'degraded';
        /** Milliseconds. */
        readonly latency: number;
        readonly lastCheck: string;
      }
    >
  >;
  readonly metrics: {
    /** Seconds. */
    readonly uptime: number;
    readonly requestCount: number;
    readonly errorRate: number;
    /** Milliseconds. */
    readonly avgResponseTime: number;
  };
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
  health(): Promise<Health>;
  /** Finishes what is under way, records what waits, and closes the log. */
  close(): Promise<void>;
}

const DEFAULT_TENANT = 'home';
const DRAIN_MS = 10_000;

/** Brings the tables up to date, makes or finds the node's identities, and takes up open processes. */
export async function createKernel(options: KernelOptions): Promise<Kernel> {
  const { store, blocks, rootKey, modules, version } = options;
  const now_ms = options.now_ms ?? Date.now;
  const onError = options.onError ?? (() => undefined);
  const started_ms = now_ms();

  await store.migrate('kernel', kernelMigrations);
  await store.migrate('guards', guardMigrations);
  await store.migrate('outbox', outboxMigrations);
  for (const module of modules) await store.migrate(module.contract.name, module.migrations);

  const sealer = createSealer(rootKey);
  const identities = new Identities(store, sealer);
  const node = await foundNode(options, identities, now_ms());
  const grants = new Grants(store, identities);
  const log = await openLog({
    store,
    sealer,
    origin: `q/${node.did.slice('did:squid:'.length)}`,
    keys: deriveLogKeys(rootKey.seed),
    now_ms,
    onError: (error) => onError(error, 'log'),
  });
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
  };
  const tell = ({ error }: { readonly error: unknown }) => onError(error, 'bus');
  const bus = await createBus({ store, now_ms, onError: tell });
  const batch = new BatchRecords(store, log, (error) => onError(error, 'batch'));
  const parts: KernelParts = {
    store,
    services,
    forModules: { ...services, log: carriedLog(log) },
    replay: new Replay(store, sealer),
    batch,
    probe: options.probe ?? (() => undefined),
    onError,
    wake: () => {
      log.wake();
      bus.wake();
    },
  };
  const invoker = new Invoker(parts, modules, now_ms);
  await invoker.processes.resume();
  for (const { onStart } of modules)
    await onStart?.({ services, invoke: (call) => invoker.invoke(call) });

  return {
    invoke: (call) => invoker.invoke(call),
    receivePart: (ticket, part) => invoker.transfers.receive(ticket, part),
    sendContent: (ticket, range) => invoker.transfers.send(ticket, range),
    contracts: modules.map(({ contract }) => contract),
    services,
    node,
    events: bus,
    logKeys: { trust: log.trust, ed25519: log.vkeys.ed25519, mldsa44: log.vkeys.mldsa44 },
    health: () => healthOf(parts, invoker, version, started_ms, now_ms),
    close: async () => {
      await invoker.drain(DRAIN_MS);
      await batch.flush();
      await bus.close();
      await log.close();
    },
  };
}

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

async function healthOf(
  parts: KernelParts,
  invoker: Invoker,
  version: string,
  started_ms: number,
  now_ms: () => number,
): Promise<Health> {
  const probe = async (check: () => Promise<unknown>) => {
    const begun = performance.now();
    const lastCheck = new Date(now_ms()).toISOString();
    try {
      await check();
      return { status: 'up' as const, latency: performance.now() - begun, lastCheck };
    } catch {
      return { status: 'down' as const, latency: performance.now() - begun, lastCheck };
    }
  };
  const dependencies = {
    store: await probe(() => parts.store.read('SELECT 1 AS one')),
    content: await probe(() => parts.services.blocks.list(undefined, 1)),
    log: await probe(async () => parts.services.log.checkpoint()),
  };
  const isUp = Object.values(dependencies).every(({ status }) => status === 'up');
  return {
    status: isUp ? 'healthy' : 'unhealthy',
    timestamp: new Date(now_ms()).toISOString(),
    version,
    dependencies,
    metrics: { uptime: Math.floor((now_ms() - started_ms) / 1000), ...invoker.metrics() },
  };
}
