import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSeed } from '@anarq/crypto';
import { genesisFrom, type Kernel, type ModuleDefinition, type Probe } from '@anarq/kernel';
import { loadModules, openNode, type ModuleName, type OpenedNode } from '@anarq/node';
import type { Store } from '@anarq/store';
import { dropTestStore, isOnPostgres, testStoreUrl } from '@anarq/store/testing';
import { actorOf, type Actor } from './actor.ts';
import { putFounded } from './foundedNodes.ts';

export interface TestNodeOptions {
  /** Modules of the node by name; default: all. */
  readonly modules?: readonly ModuleName[];
  /** Modules of the test itself. */
  readonly extra?: readonly ModuleDefinition[];
  readonly now_ms?: () => number;
  /** Beside `now_ms`, a clock that nobody sets: without it, what `now_ms` jumps by has passed. */
  readonly monotonic_ms?: () => number;
  readonly probe?: Probe;
  /** Where its rows are; default: where `Q_TEST_STORE` says, a file without it. */
  readonly store?: 'sqlite' | 'postgres';
}

/** A node in a temporary folder. */
export interface TestNode {
  readonly kernel: Kernel;
  readonly store: Store;
  readonly folder: string;
  readonly operator: Actor;
  /** What went wrong inside, and was only told to the operator. */
  readonly errors: unknown[];
  /** A person with keys of its own, in the operator's tenant unless another is named. */
  person(name: string, tenant?: string): Promise<Actor>;
  /** A caller that shows a token. */
  withToken(did: string, token: string): Actor;
  /** Stops the node and starts it again on the same data. */
  restart(): Promise<void>;
  /** The two halves of that. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Stops the node and removes its folder. */
  close(): Promise<void>;
}

export async function startTestNode(options: TestNodeOptions = {}): Promise<TestNode> {
  const folder = await mkdtemp(join(tmpdir(), 'q-test-'));
  const modules = [...(await loadModules(options.modules)), ...(options.extra ?? [])];
  const errors: unknown[] = [];
  const isServed = (options.store ?? (isOnPostgres() ? 'postgres' : 'sqlite')) === 'postgres';
  const store = isServed ? testStoreUrl(join(folder, 'data')) : undefined;
  const giveBack = isServed
    ? undefined
    : await putFounded(folder, options.now_ms?.() ?? Date.now());
  const open = (): Promise<OpenedNode> =>
    openNode({
      dataFolder: join(folder, 'data'),
      keysFolder: join(folder, 'keys'),
      modules,
      store,
      version: '0.0.0-test',
      onError: (error) => void errors.push(error),
      ...(options.now_ms === undefined ? {} : { now_ms: options.now_ms }),
      ...(options.monotonic_ms === undefined ? {} : { monotonic_ms: options.monotonic_ms }),
      ...(options.probe === undefined ? {} : { probe: options.probe }),
    });
  let opened = await open();
  const target = () => opened.kernel;
  const operator = actorOf(target, {
    did: opened.kernel.node.operator,
    seed: opened.operatorSeed,
  });
  return {
    get kernel() {
      return opened.kernel;
    },
    get store() {
      return opened.store;
    },
    folder,
    operator,
    errors,
    person: async (name, tenant = opened.kernel.node.tenant) => {
      const seed = generateSeed();
      const now_ms = options.now_ms?.() ?? Date.now();
      const { document } = genesisFrom(seed, { kind: 'person', now_ms });
      const made = opened.kernel.services.identities.prepareCreate({
        tenant,
        kind: 'person',
        name,
        document,
        now_ms,
      });
      await opened.store.commit(made.statements);
      return actorOf(target, { did: made.did, seed });
    },
    withToken: (did, token) => actorOf(target, { did, seed: generateSeed(), token }),
    restart: async () => {
      await opened.close();
      opened = await open();
    },
    stop: () => opened.close(),
    start: async () => {
      opened = await open();
    },
    close: async () => {
      await opened.close();
      giveBack?.();
      if (isServed) await dropTestStore(join(folder, 'data'));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
