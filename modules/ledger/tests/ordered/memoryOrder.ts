import {
  FAULT_MODELS,
  type Applier,
  type Batch,
  type OrderedAnswer,
  type OrderedCommit,
  type OrderingEngine,
  type OrderingStatus,
} from '@anarq/ordering';

/** An order in memory that several nodes follow, each at its own pace, in groups of its own. */
export class MemoryOrder {
  readonly #commits: OrderedCommit[] = [];
  readonly #nodes = new Set<MemoryNode>();
  /** When the next batch comes, in nanoseconds: what a test says. */
  time_ns = 1_800_000_000_000_000_000n;

  /** @param groupSize of the next group that goes to the applier */
  engine(applier: Applier, groupSize: () => number): MemoryNode {
    const node = new MemoryNode(this, applier, groupSize);
    this.#nodes.add(node);
    return node;
  }

  get length(): number {
    return this.#commits.length;
  }

  add({ key, bytes }: Batch): bigint {
    const sequence = BigInt(this.#commits.length + 1);
    // A copy: nodes share nothing but the order.
    this.#commits.push({ sequence, time_ns: this.time_ns, key, bytes: bytes.slice() });
    for (const node of this.#nodes) node.wake();
    return sequence;
  }

  after(sequence: bigint, count: number): OrderedCommit[] {
    return this.#commits
      .slice(Number(sequence), Number(sequence) + count)
      .map((commit) => ({ ...commit, bytes: commit.bytes.slice() }));
  }

  leave(node: MemoryNode): void {
    this.#nodes.delete(node);
  }
}

/** One node of it. */
export class MemoryNode implements OrderingEngine {
  readonly faultModel = FAULT_MODELS.local;
  readonly #order: MemoryOrder;
  readonly #applier: Applier;
  readonly #groupSize: () => number;
  readonly #waiting = new Map<bigint, PromiseWithResolvers<OrderedAnswer>>();
  #running: Promise<void> | undefined;
  #read: bigint;
  /** While it is, nothing is read. */
  isPaused = false;
  failure: Error | undefined;

  constructor(order: MemoryOrder, applier: Applier, groupSize: () => number) {
    this.#order = order;
    this.#applier = applier;
    this.#groupSize = groupSize;
    this.#read = applier.applied();
    this.wake();
  }

  submit(batch: Batch): Promise<OrderedAnswer> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    const waiting = Promise.withResolvers<OrderedAnswer>();
    this.#waiting.set(BigInt(this.#order.length + 1), waiting);
    this.#order.add(batch);
    return waiting.promise;
  }

  wake(): void {
    this.#running ??= this.#run()
      .catch((error: unknown) => {
        this.failure = error instanceof Error ? error : new Error(String(error));
        for (const { reject } of this.#waiting.values()) reject(this.failure);
      })
      .finally(() => {
        this.#running = undefined;
      });
  }

  async #run(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (!this.isPaused) {
      const commits = this.#order.after(this.#read, this.#groupSize());
      if (commits.length === 0) return;
      const answers = await this.#applier.apply(commits);
      for (const [index, { sequence }] of commits.entries()) {
        const answer = answers[index] ?? new Uint8Array(0);
        const { faultModel } = this;
        this.#waiting.get(sequence)?.resolve({ sequence, level: 'Confirmed', faultModel, answer });
        this.#waiting.delete(sequence);
        this.#read = sequence;
      }
    }
  }

  /** Resolves when it has applied everything. */
  async caughtUp(): Promise<void> {
    this.isPaused = false;
    while (this.#read < BigInt(this.#order.length) && this.failure === undefined) {
      this.wake();
      await this.#running;
    }
    if (this.failure !== undefined) throw this.failure;
  }

  status(): OrderingStatus {
    return {
      faultModel: this.faultModel,
      state: this.failure === undefined ? 'ready' : 'failed',
      applied: this.#applier.applied(),
      ordered: BigInt(this.#order.length),
      waiting: this.#waiting.size,
      waiting_bytes: 0,
      counts: { submitted: 0, applied: 0, resubmitted: 0, foreign: 0, reconnected: 0 },
    };
  }

  async close(): Promise<void> {
    this.isPaused = true;
    this.#order.leave(this);
    await this.#running;
    for (const { promise, reject } of this.#waiting.values()) {
      promise.catch(() => undefined);
      reject(new Error('closed'));
    }
  }
}
