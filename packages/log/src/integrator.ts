import type { LogKeys } from '@anarq/crypto';
import type { Store } from '@anarq/store';
import { EMPTY_ROOT } from '@anarq/tlog';
import { LogError } from './errors.ts';
import { signCheckpoint } from './logKeys.ts';
import type { TreeState, WaitingRecord } from './treeStore.ts';
import { advanceStatements, appendRecords, integer, readTree, text } from './treeStore.ts';

/** Most records that one commit gives their place in the tree. */
const BATCH_MAX = 4096;

/** What comes meanwhile shares one signature and one commit; with them it is less than 100 ms. */
const WAKE_DELAY_MS = 75;
const RETRY_DELAY_MS = 1000;

/** What the integrator works with; `now_ms` gives milliseconds since 1970. */
export interface IntegratorOptions {
  readonly store: Store;
  readonly origin: string;
  readonly keys: LogKeys;
  readonly now_ms: () => number;
  readonly onError: (error: unknown) => void;
}

/**
 * Gives committed records their place in the tree, in commit order, and signs the tree that results. One batch is one
 * commit, so that a crash leaves either the old signed tree or the new one; what was left over is found again by its
 * number. Runs one integration at a time.
 */
export class Integrator {
  readonly #options: IntegratorOptions;
  #tree: TreeState;
  #stale = false;
  #running: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: IntegratorOptions, tree: TreeState) {
    this.#options = options;
    this.#tree = tree;
  }

  /** The last signed tree. */
  get tree(): TreeState {
    return this.#tree;
  }

  /** Says that records were committed: they are integrated within 100 ms, together with those of other calls. */
  wake(): void {
    this.#schedule(WAKE_DELAY_MS);
  }

  /** Integrates all that is committed, now. Returns the signed tree. Throws StoreError, or LogError CLOSED. */
  integrate(): Promise<TreeState> {
    if (this.#closed) return Promise.reject(new LogError('CLOSED', 'the log is closed'));
    return this.#enqueue();
  }

  /** Integrates a last time and stops. Safe to call again. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#enqueue();
  }

  #schedule(delay_ms: number): void {
    if (this.#closed || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#enqueue().catch((error: unknown) => {
        this.#options.onError(error);
        this.#schedule(RETRY_DELAY_MS);
      });
    }, delay_ms);
    this.#timer.unref();
  }

  #enqueue(): Promise<TreeState> {
    const run = this.#running.then(() => this.#drain());
    this.#running = run.catch(() => undefined);
    return run;
  }

  async #drain(): Promise<TreeState> {
    if (this.#stale) await this.#reload();
    for (;;) {
      const records = await this.#waiting();
      if (records.length > 0) await this.#advance(records);
      if (records.length < BATCH_MAX) return this.#tree;
    }
  }

  async #waiting(): Promise<WaitingRecord[]> {
    const rows = await this.#options.store.read(
      'select seq, cid from log_record where seq > :after order by seq limit :limit',
      { after: this.#tree.lastSeq, limit: BATCH_MAX },
    );
    return rows.map((row) => ({ seq: integer(row, 'seq'), cid: text(row, 'cid') }));
  }

  async #advance(records: readonly WaitingRecord[]): Promise<void> {
    const { store, origin, keys, now_ms } = this.#options;
    const { next, tiles } = appendRecords(this.#tree, records);
    const tree = { ...next, note: signCheckpoint(origin, keys, next, now_ms()) };
    // A commit that fails may still have happened: what is stored decides, before anything else is signed.
    this.#stale = true;
    await store.commit(advanceStatements(this.#tree, tree, tiles));
    this.#tree = tree;
    this.#stale = false;
  }

  async #reload(): Promise<void> {
    const tree = await readTree(this.#options.store);
    if (tree === undefined || tree.size < this.#tree.size) {
      throw new LogError('CONTRADICTION', 'the stored log is older than the tree signed last');
    }
    this.#tree = tree;
    this.#stale = false;
  }
}

/** Signs and stores the empty tree: the first thing a log ever does. Returns it. */
export async function signEmptyTree(
  options: Pick<IntegratorOptions, 'store' | 'origin' | 'keys' | 'now_ms'>,
): Promise<TreeState> {
  const { store, origin, keys, now_ms } = options;
  const empty = { size: 0, root: EMPTY_ROOT, lastSeq: 0, edge: new Map<number, Uint8Array>() };
  const note = signCheckpoint(origin, keys, empty, now_ms());
  await store.commit([
    {
      name: 'first log checkpoint',
      sql: `insert into log_checkpoint (one, size, last_seq, root, note)
        values (1, 0, 0, :root, :note)`,
      params: { root: empty.root, note },
    },
  ]);
  return { ...empty, note };
}
