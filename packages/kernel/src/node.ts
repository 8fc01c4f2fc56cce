import type { Bus } from '@anarq/bus';
import type { AnyContract, Result } from '@anarq/common-schemas';
import type { BlockStore } from '@anarq/content';
import type { RootKey } from '@anarq/crypto';
import type { Store } from '@anarq/store';
import {
  Telemetry,
  type Correlation,
  type Health,
  type HealthMonitor,
  type Observers,
} from '@anarq/telemetry';
import { PeerDesk } from './apart/desk.ts';
import type { RecordsMessage } from './apart/messages.ts';
import { openApart, type ApartOptions } from './apart/openApart.ts';
import type { RemotePlace } from './apart/remote.ts';
import type { Call } from './call.ts';
import { ClockSteps } from './clockSteps.ts';
import type { Fence } from './fence.ts';
import type { FoundingPlace } from './founding.ts';
import { EventAccess } from './eventAccess.ts';
import { EventReader } from './eventReader.ts';
import { startSweep, type EventSweep } from './eventSweep.ts';
import { EventStreams, type FollowCall, type Followed } from './eventStreams.ts';
import { EventTickets, type Shown } from './eventTickets.ts';
import { watchKernel } from './health.ts';
import { Invoker, type Connected } from './kernel.ts';
import { openBus } from './openBus.ts';
import { openServices } from './openServices.ts';
import { timedStore } from './measures.ts';
import type { ModuleDefinition } from './module.ts';
import { startModules, stopping } from './moduleLife.ts';
import { NodeWatch } from './nodeWatch.ts';
import { OwnLogs, type OwnLog } from './ownLog.ts';
import type { KernelParts, Probe } from './parts.ts';
import { carriedLog } from './prepared.ts';
import { ProcessDesk } from './processDesk.ts';
import { receiptsOver } from './receipts.ts';
import { BatchRecords } from './record.ts';
import { Replay } from './replay.ts';
import type { TakenKeys } from './takenKeys.ts';
import type { Resealed } from './reseal.ts';
import type { Resealing } from './rotation.ts';
import { standaloneOf, type Standalone } from './standalone/mode.ts';
import type { NodeFacts, Services } from './services.ts';
import { Shedding } from './shedding.ts';

/** What a kernel is made of. It owns none of it, but the log, which it opens and closes. */
export interface KernelOptions {
  readonly store: Store;
  readonly blocks: BlockStore;
  readonly rootKey: RootKey;
  readonly modules: readonly ModuleDefinition[];
  /** Genesis document of the operator; needed on the first start of a store, ignored later. */
  readonly operatorDocument?: unknown;
  readonly version: string;
  /** Where all processes of this node find who it is; absent: there is one process. */
  readonly foundingPlace?: FoundingPlace;
  /** Modules that have an identity of this node beside those that run here. */
  readonly moduleNames?: readonly string[];
  /** Present where the node runs in several processes. */
  readonly apart?: ApartOptions;
  /** Modules may be mocks; what such a node keeps is never taken for real afterwards. */
  readonly isStandalone?: boolean;
  /** `nats://…`: tells other processes of the node what this one emitted, and is told of theirs. */
  readonly bus?: string;
  readonly now_ms?: () => number;
  /**
   * A clock that nobody can set, by which steps of the other are found; default: the machine's.
   * With `now_ms` alone there are no steps: it is the time that passes.
   */
  readonly monotonic_ms?: () => number;
  /** Where profiles are written; none are taken without it. */
  readonly profilesFolder?: string;
  /** Where modules keep logs of their own, each in a folder of its name. */
  readonly logsFolder?: string;
  readonly probe?: Probe;
  readonly onError?: (error: unknown, where: string, about?: Correlation) => void;
  /** Who is told of each call, beside the kernel's own counters. */
  readonly observers?: Observers;
}

/** A running kernel. */
export interface Kernel {
  /** Authenticates, authorises, runs and records one call; never throws. */
  invoke(call: Call): Promise<Result<unknown>>;
  /** Opens a connection with a call that proves its caller, for the calls of its module that follow. */
  connect(call: Call): Promise<Connected>;
  /** Opens a stream of the events that the caller may see: a call of `node.readEvents` that goes on. */
  follow(call: FollowCall): Promise<Followed>;
  /** Spends a ticket of `node.eventTicket`: what answers reads events for one connection. Never throws. */
  showTicket(ticket: string, requestId: string): Promise<Shown>;
  /** How many streams somebody has open. */
  streamsOf(actor: string): number;
  readonly receivePart: Invoker['transfers']['receive'];
  readonly sendContent: Invoker['transfers']['send'];
  readonly contracts: readonly AnyContract[];
  readonly services: Services;
  readonly node: NodeFacts;
  /** Where other processes of this node are answered, where it runs in several. */
  readonly peers?: PeerDesk;
  /** Another process of this node decides who exists and who may what, and tells this one. */
  readonly follows: boolean;
  /** Whether this is a restored copy, which only reads until its operator lets it write. */
  readonly fence: Fence;
  /** The processes that run the other modules, and how they answer. */
  readonly remotes: readonly RemotePlace[];
  /** Present where modules may be mocked: those that are. */
  readonly standalone?: Standalone;
  /** The log that a module keeps beside the store, for whoever serves, copies or checks it. */
  ownLog(module: string): OwnLog | undefined;
  /** What happened, in order: consumers subscribe here, each with a cursor of its own. */
  readonly events: Bus;
  readonly logKeys: { readonly trust: string; readonly ed25519: string; readonly mldsa44: string };
  /** Looks at the clock now, and does what is due; for a clock that was set. */
  lookAtClock(): Promise<void>;
  health(): Promise<Health & { readonly standalone?: Standalone }>;
  readonly monitor: HealthMonitor;
  readonly telemetry: Telemetry;
  /** Resolves when what an earlier root key sealed stands under the one in force, as far as it can. */
  resealed(): Promise<Resealed>;
  /** Finishes what is under way, records what waits, and closes the log. */
  close(): Promise<void>;
}

const DRAIN_MS = 10_000;

/** Brings the tables up to date, makes or finds the node's identities, and takes up open processes. */
export async function createKernel(options: KernelOptions): Promise<Kernel> {
  const { modules, version } = options;
  const telemetry = new Telemetry(contractsOf(modules), options.observers);
  const onError = tellAll(options, telemetry);
  const store = timedStore(options.store, telemetry);
  const steps = stepsOf(options, store, onError);
  const now_ms = steps?.now_ms ?? options.now_ms ?? Date.now;

  const tell = (where: string) => (error: unknown) => onError(error, where);
  const standalone = standaloneOf(modules, options.isStandalone === true);
  const opened = await openServices(options, store, now_ms, tell('log'));
  const { process, fence, resealing } = opened;
  const watch = new NodeWatch(() => ({ parts, monitor }), now_ms, options.profilesFolder);
  const shedding = new Shedding(store, telemetry);
  const bus = await busOf({ ...options, now_ms }, opened, store, tell('bus'));
  const services: Services = {
    ...opened.services,
    processes: new ProcessDesk(() => ({ parts, invoker }), now_ms),
    watch,
    events: new EventReader(bus, new EventAccess(opened.services, operationsOf(modules), now_ms)),
    shedding,
    receipts: receiptsOver(opened.services.log, () => parts.remote),
  };
  const { log } = services;
  const apart = await openApart({ options: options.apart, store, services, process, now_ms });
  const batch = new BatchRecords(store, log, tell('batch'));
  const ownLogs = await OwnLogs.open(modules, {
    folder: options.logsFolder,
    store,
    now_ms,
    origin: opened.origin,
    rootKey: options.rootKey,
    onError,
  });
  const parts: KernelParts = {
    store,
    ownLogs,
    now_ms,
    stepped_ms: () => steps?.total_ms ?? 0,
    services,
    forModules: { ...services, log: carriedLog(log) },
    replay: new Replay(store, services.sealer),
    eventTickets: new EventTickets(services, now_ms),
    batch,
    fence,
    probe: options.probe ?? (() => undefined),
    telemetry,
    shedding,
    onError,
    wake: waking(log, bus, apart),
    ...apart,
  };
  const invoker = new Invoker(parts, modules, now_ms);
  const monitor = watchKernel(parts, bus, { version, now_ms, steps });
  const streams = new EventStreams(services, (call) => invoker.admit(call), now_ms);
  const sweep = startSweep(bus, contractsOf(modules), now_ms, tell('sweep'));
  const running = { options, standalone, opened, parts, invoker, monitor, bus, now_ms };
  const stop = stopping(modules, services, onError);
  const toClose = { steps, resealing, streams, sweep, watch, shedding, invoker, apart, batch, bus };
  const kernel = kernelOf({
    ...running,
    streams,
    steps,
    close: () => closeAll({ ...toClose, taken: parts.replay.taken, ownLogs, log, stop }),
  });
  await begin(kernel, { ...running, steps, watch, tell }).catch(closing(ownLogs));
  return kernel;
}

/** Tells of a commit whoever waits for one. */
const waking =
  (log: Services['log'], bus: Bus, { remote }: Pick<KernelParts, 'remote'>): KernelParts['wake'] =>
  (withEvents = true) => {
    log.wake();
    if (withEvents) bus.wake();
    remote?.wake();
  };

/** Frees the logs of a node that did not start. */
const closing =
  (ownLogs: OwnLogs) =>
  async (error: unknown): Promise<never> => {
    await ownLogs.close();
    throw error;
  };

/** What everything that was opened begins with, in this order. */
async function begin(
  kernel: Kernel,
  of: Pick<Running, 'options' | 'opened' | 'parts' | 'invoker' | 'bus' | 'steps' | 'now_ms'> & {
    readonly watch: NodeWatch;
    readonly tell: (where: string) => (error: unknown) => void;
  },
): Promise<void> {
  const { options, opened, parts, invoker, bus, steps, now_ms, watch, tell } = of;
  if (steps !== undefined)
    steps.onMoved = () => {
      parts.services.sessions.forgetRead();
      void invoker.processes.timers.look();
    };
  await invoker.begin(bus);
  await watch.start();
  await parts.shedding.start();
  // A restored copy changes nothing until it may write.
  if (kernel.fence.since !== undefined) return;
  await startModules(invoker, options.modules, parts);
  parts.replay.taken.start(parts.store, now_ms, tell('keys'));
  await opened.resealing.start(tell('reseal'));
}

interface Running {
  readonly options: KernelOptions;
  readonly standalone: Standalone | undefined;
  readonly opened: Awaited<ReturnType<typeof openServices>>;
  readonly parts: KernelParts;
  readonly invoker: Invoker;
  readonly monitor: HealthMonitor;
  readonly bus: Bus;
  readonly now_ms: () => number;
  readonly streams: EventStreams;
  readonly steps: ClockSteps | undefined;
  readonly close: () => Promise<void>;
}

/** The running kernel, of what it is made of. */
function kernelOf(of: Running): Kernel {
  const { options, standalone, opened, parts, invoker, monitor, bus, now_ms, streams } = of;
  const { steps, close } = of;
  const { services, fence, telemetry, remote, follower } = parts;
  const { log, node } = services;
  return {
    invoke: (call) => invoker.invoke(call),
    connect: (call) => invoker.connect(call),
    receivePart: (ticket, part) => invoker.transfers.receive(ticket, part),
    sendContent: (ticket, range) => invoker.transfers.send(ticket, range),
    contracts: [...contractsOf(options.modules), ...(remote?.contracts ?? [])],
    ...deskOf(options, parts, invoker, opened.process, now_ms),
    fence,
    follows: follower !== undefined,
    remotes: remote?.places() ?? [],
    ...followedWith(streams),
    showTicket: (ticket, requestId) => parts.eventTickets.show(ticket, requestId),
    services,
    node,
    ownLog: (module) => parts.ownLogs.of(module),
    events: bus,
    logKeys: { trust: log.trust, ed25519: log.vkeys.ed25519, mldsa44: log.vkeys.mldsa44 },
    lookAtClock: async () => {
      await steps?.settled();
      await invoker.processes.timers.look();
    },
    ...healthOf(monitor, standalone),
    monitor,
    telemetry,
    resealed: () => opened.resealing.ended,
    close,
  };
}

/** How the node is, and what of it is mocked. */
const healthOf = (
  monitor: HealthMonitor,
  standalone: Standalone | undefined,
): Pick<Kernel, 'health' | 'standalone'> => {
  const mode = standalone === undefined ? {} : { standalone };
  return { ...mode, health: async () => ({ ...(await monitor.read()), ...mode }) };
};

/** Where other processes of this node are answered, where it runs in several. */
function deskOf(
  { apart, modules }: KernelOptions,
  { services, follower }: KernelParts,
  invoker: Invoker,
  process: string,
  now_ms: () => number,
): Pick<Kernel, 'peers'> {
  if (apart === undefined) return {};
  const work = {
    step: (step: Parameters<Invoker['step']>[0]) => invoker.step(step),
    records: ({ of, party }: RecordsMessage) => services.log.steps(of, party),
    call: (call: Call) => invoker.invoke(call),
  };
  const { sealer } = services;
  const contracts = contractsOf(modules);
  return { peers: new PeerDesk({ sealer, process, contracts, work, follower, now_ms }) };
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

function stepsOf(
  { now_ms, monotonic_ms }: KernelOptions,
  store: Store,
  onError: KernelParts['onError'],
): ClockSteps | undefined {
  if (now_ms !== undefined && monotonic_ms === undefined) return undefined;
  return new ClockSteps({
    store,
    clock_ms: now_ms ?? Date.now,
    monotonic_ms: monotonic_ms ?? (() => performance.now()),
    onError: (error) => onError(error, 'clock'),
  });
}

const busOf = (
  { bus: url, rootKey, now_ms = Date.now }: KernelOptions,
  { process, services }: Awaited<ReturnType<typeof openServices>>,
  store: Store,
  onError: (error: unknown) => void,
): Promise<Bus> =>
  openBus({ store, url, rootKey, node: services.node.did, process, now_ms, onError });

const followedWith = (streams: EventStreams): Pick<Kernel, 'follow' | 'streamsOf'> => ({
  follow: (call) => streams.open(call),
  streamsOf: (actor) => streams.openOf(actor),
});

/** Finishes what is under way, then what it leans on. */
async function closeAll(parts: {
  readonly steps: ClockSteps | undefined;
  readonly resealing: Resealing;
  readonly taken: TakenKeys;
  readonly streams: EventStreams;
  readonly sweep: EventSweep;
  readonly watch: NodeWatch;
  readonly shedding: Shedding;
  readonly invoker: Invoker;
  readonly stop: () => Promise<void>;
  readonly apart: Pick<KernelParts, 'remote'>;
  readonly batch: BatchRecords;
  readonly bus: Bus;
  readonly ownLogs: OwnLogs;
  readonly log: Services['log'];
}): Promise<void> {
  parts.streams.close();
  parts.shedding.close();
  parts.sweep.close();
  await parts.watch.close();
  await parts.steps?.close();
  await parts.resealing.close();
  await parts.taken.close();
  const drained = parts.invoker.drain(DRAIN_MS);
  await parts.stop();
  await drained;
  await parts.apart.remote?.close();
  await parts.batch.flush();
  await parts.bus.close();
  await parts.ownLogs.close();
  await parts.log.close();
}

function operationsOf(modules: readonly ModuleDefinition[]) {
  const all = new Map(
    modules.flatMap(({ contract }) =>
      Object.values(contract.operations).map((op) => [op.id, op] as const),
    ),
  );
  return (id: string) => all.get(id);
}
