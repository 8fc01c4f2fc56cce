import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { QError } from '@anarq/common-schemas';
import type { Kernel, ModuleDefinition, Probe } from '@anarq/kernel';
import type { Store } from '@anarq/store';
import { ADDRESS_FILE, KEYS_FOLDER_FILE, keysFolderOf, type NodeAddress } from './address.ts';
import { modulesOf, type RemoteAddresses } from './apart.ts';
import { bridgeOrders, openBridges } from './bridges.ts';
import type { ModuleName } from './modules.ts';
import { withChain } from './withChain.ts';
import type { LogOptions } from '@anarq/telemetry';
import { openSurfaces, type SurfaceOptions, type Surfaces } from './openSurfaces.ts';
import { openNode } from './openNode.ts';
import { observersOf } from './observersOf.ts';

export interface StartOptions extends SurfaceOptions {
  readonly dataFolder: string;
  /** Default: a folder of the user's own configuration, named after the data folder. */
  readonly keysFolder?: string | undefined;
  /** Modules that are not of this house, beside them. */
  readonly extra?: readonly ModuleDefinition[];
  /** Modules that run in this process; default: all that do not run elsewhere. */
  readonly modules?: readonly ModuleName[] | undefined;
  /** Modules that run in other processes of this node, and where. */
  readonly remotes?: RemoteAddresses | undefined;
  /** `postgres://…`; default: what the data folder began with, a SQLite file where it is new. */
  readonly store?: string | undefined;
  /** Wait until the process that owns the store has ended, and take over from it. */
  readonly standby?: boolean | undefined;
  /** `nats://…`: how the processes of a node tell each other of events. */
  readonly bus?: string | undefined;
  /** Brokers of other systems that events are brought to; see `parseBridge` of @anarq/bridges. */
  readonly bridges?: readonly string[] | undefined;
  /** Modules that are called and do not run are mocked; the folder stays standalone for good. */
  readonly standalone?: boolean | undefined;
  /** Modules to be mocked although they could run; standalone only. */
  readonly mocks?: readonly ModuleName[] | undefined;
  /** Folder of the chain that the node keeps; a new one becomes a chain of this node alone. */
  readonly chainFolder?: string | undefined;
  readonly version: string;
  readonly probe?: Probe;
  /** The clock of the node; default: the machine's. */
  readonly now_ms?: () => number;
  /** With a clock of its own: one beside it that nobody can set. */
  readonly monotonic_ms?: () => number;
  /** Where the node writes its lines; none without it. */
  readonly log?: LogOptions | undefined;
  /** An OTLP receiver for spans, over HTTP: 'http://127.0.0.1:4318'; none are made without it. */
  readonly otlp?: string | undefined;
}

export interface RunningNode {
  readonly url: string;
  readonly kernel: Kernel;
  readonly store: Store;
  readonly address: NodeAddress;
  readonly operatorSeed: Uint8Array;
  readonly isNew: boolean;
  /** Finishes what is under way and closes everything. Safe to call again. */
  close(): Promise<void>;
}

/** What a scraper shows where the node can be reached from elsewhere; `credentials_file` of Prometheus. */
const METRICS_TOKEN_FILE = 'metrics.token';
/** Starts a whole node: store, kernel, modules and ports. */
export async function startNode(options: StartOptions): Promise<RunningNode> {
  const keysFolder = options.keysFolder ?? (await keysFolderOf(options.dataFolder));
  const { modules, apart } = await modulesOf({
    modules: options.modules,
    remotes: options.remotes ?? {},
    isStandalone: options.standalone === true,
    mocks: options.mocks ?? [],
  });
  const orders = await bridgeOrders(options.bridges ?? []);
  const observers = await observersOf(options);
  const opened = await openNode({
    dataFolder: options.dataFolder,
    keysFolder,
    store: options.store,
    standby: options.standby,
    bus: options.bus,
    modules: [...(await withChain(modules, options.chainFolder)), ...(options.extra ?? [])],
    apart,
    isStandalone: options.standalone,
    version: options.version,
    observers,
    ...(options.now_ms === undefined ? {} : { now_ms: options.now_ms }),
    ...(options.monotonic_ms === undefined ? {} : { monotonic_ms: options.monotonic_ms }),
    ...(options.probe === undefined ? {} : { probe: options.probe }),
    ...(options.onError === undefined ? {} : { onError: options.onError }),
  });
  const { kernel } = opened;
  kernel.telemetry.gauges.process();
  let surfaces: Surfaces | undefined;
  try {
    surfaces = await openSurfaces(kernel, options, opened.metricsToken, observers.log);
    const { http, grpc, ledger } = surfaces;
    const address: NodeAddress = {
      url: http.url,
      ...(grpc === undefined ? {} : { grpc: grpc.url }),
      ...(ledger === undefined ? {} : { ledger }),
      pid: process.pid,
      node: kernel.node.did,
      operator: kernel.node.operator,
      keysFolder,
      logKey: kernel.logKeys.trust,
    };
    const addressFile = join(options.dataFolder, ADDRESS_FILE);
    await writeAtomically(join(options.dataFolder, KEYS_FOLDER_FILE), `${resolve(keysFolder)}\n`);
    // Beside the other keys: whoever may read those may read what the node counts.
    await writeAtomically(join(keysFolder, METRICS_TOKEN_FILE), `${opened.metricsToken}\n`);
    await writeAtomically(addressFile, `${JSON.stringify(address, null, 2)}\n`);
    const bridges = await openBridges(orders, kernel);
    let closing: Promise<void> | undefined;
    const { close } = surfaces;
    return {
      url: http.url,
      kernel,
      store: opened.store,
      address,
      operatorSeed: opened.operatorSeed,
      isNew: opened.isNew,
      close: () =>
        (closing ??= (async () => {
          await close();
          await bridges?.close();
          await opened.close();
          await rm(addressFile, { force: true });
        })()),
    };
  } catch (error) {
    await surfaces?.close();
    await opened.close();
    throw listeningError(error, options);
  }
}

function listeningError(
  error: unknown,
  { host, port, grpcPort, ledgerSocket }: StartOptions,
): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'EADDRINUSE') {
    const taken = (error as { port?: number }).port ?? port ?? 8080;
    return new QError(
      'PORT_TAKEN',
      `Port ${taken} is taken by another program.`,
      taken === grpcPort
        ? { option: '--grpc-port' }
        : ledgerSocket !== undefined && 'port' in ledgerSocket && taken === ledgerSocket.port
          ? { option: '--ledger-port' }
          : undefined,
    );
  }
  if (code === 'ENOTFOUND' || code === 'EADDRNOTAVAIL')
    return new QError('INPUT_INVALID', `${host} is not an address of this machine.`);
  if (code === 'EACCES')
    return new QError('PORT_TAKEN', `You may not listen on port ${port ?? 8080}.`);
  return error;
}

async function writeAtomically(file: string, text: string): Promise<void> {
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(`${file}.new`, text, { mode: 0o600 });
  await rename(`${file}.new`, file);
}
