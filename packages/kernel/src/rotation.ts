import { epochOf, type RootKey, type Sealer } from '@anarq/crypto';
import type { Log } from '@anarq/log';
import type { Statement, Store } from '@anarq/store';
import type { ModuleDefinition } from './module.ts';
import { resealAll, type Resealed } from './reseal.ts';
import type { NodeFacts } from './services.ts';

/** How many root keys there were when this store was last told. */
const TOLD = 'root_epoch';
/** How many there were when all that is sealed here stood under the one in force. */
const SEALED = 'sealed_epoch';

const put = (key: string, value: number): Statement => ({
  name: `meta ${key}`,
  sql: `INSERT INTO kernel_meta (key, value) VALUES (:key, :value)
        ON CONFLICT (key) DO UPDATE SET value = :value`,
  params: { key, value: String(value) },
});

async function numberOf(store: Store, key: string): Promise<number | undefined> {
  const [row] = await store.read('SELECT value FROM kernel_meta WHERE key = :key', { key });
  return row === undefined ? undefined : Number(row['value']);
}

/**
 * Says in the log that the root key was changed, once for each change, in one commit with what
 * follows: after a theft, sessions and tokens of agents end, because the thief may have them.
 */
export async function recordRotations(
  store: Store,
  log: Log,
  node: NodeFacts,
  rootKey: RootKey,
): Promise<void> {
  const epoch = epochOf(rootKey);
  const told = (await numberOf(store, TOLD)) ?? 0;
  if (told >= epoch) return;
  const changes = (rootKey.earlier ?? []).slice(told);
  const records = changes.flatMap(
    ({ retiredAt, reason }, place) =>
      log.recorder.prepare(
        {
          id: `rotate_${node.did.slice(-12)}_${told + place + 1}`,
          kind: 'call',
          at: retiredAt,
          tenant: node.tenant,
          actor: node.operator,
          subject: node.did,
          // Not a call: done by whoever holds the node's folders, while it did not run.
          signedBy: 'folder',
          surface: 'command line',
          op: 'node.rotateRootKey',
          version: '1',
          code: 'SUCCESS',
          verdict: 'ALLOW',
          note: `root key ${told + place + 2} is in force; ${reason}`,
        },
        [node.operator, node.did],
      ).statements,
  );
  const isStolen = changes.some(({ reason }) => reason === 'stolen');
  await store.commit([
    ...records,
    ...(isStolen ? endingsOfTheft(changes.at(-1)?.retiredAt ?? '') : []),
    put(TOLD, epoch),
  ]);
  log.wake();
}

const endingsOfTheft = (at: string): Statement[] => [
  { name: 'sessions', sql: 'DELETE FROM kernel_session' },
  {
    name: 'tokens',
    sql: 'UPDATE kernel_token SET revoked_ms = :at_ms WHERE revoked_ms IS NULL',
    params: { at_ms: Date.parse(at) },
  },
];

interface ResealOrder {
  readonly store: Store;
  readonly sealer: Sealer;
  readonly modules: readonly ModuleDefinition[];
  readonly isStopped?: () => boolean;
}

/** Seals all of a store under the root key in force, and remembers when nothing is left. */
export async function resealStore(order: ResealOrder, rootKey: RootKey): Promise<Resealed> {
  const done = await resealAll(order);
  if (done.left.length === 0) await order.store.commit([put(SEALED, epochOf(rootKey))]);
  return done;
}

/** What is sealed in a store, brought under the root key in force beside the running node. */
export class Resealing {
  readonly #order: ResealOrder;
  readonly #rootKey: RootKey;
  #isStopped = false;
  #running: Promise<Resealed> = Promise.resolve({ count: 0, left: [] });

  constructor(order: ResealOrder, rootKey: RootKey) {
    this.#order = { ...order, isStopped: () => this.#isStopped };
    this.#rootKey = rootKey;
  }

  /** Begins where something may be left; what fails is told, and taken up by the next start. */
  async start(onError: (error: unknown) => void): Promise<void> {
    const { sealed } = await epochsOf(this.#order.store);
    if (sealed >= epochOf(this.#rootKey)) return;
    this.#running = resealStore(this.#order, this.#rootKey).catch((error: unknown) => {
      onError(error);
      return { count: 0, left: ['it failed; the next start goes on'] };
    });
  }

  /** Resolves when it has ended, with what it did. */
  get ended(): Promise<Resealed> {
    return this.#running;
  }

  async close(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }
}

/** How many changes of the root key a store knows of, and how many its seals follow. */
export async function epochsOf(
  store: Store,
): Promise<{ readonly told: number; readonly sealed: number }> {
  return {
    told: (await numberOf(store, TOLD)) ?? 0,
    sealed: (await numberOf(store, SEALED)) ?? 0,
  };
}
