import type { Applier, OrderedCommit } from './types.ts';

/** What goes to the applier at once: as much as came meanwhile, and no more than this. */
const GROUP_COMMITS_MAX = 512;
const GROUP_BYTES_MAX = 8 << 20;
/** Groups under way: one is applied while the one before it is synced. */
const GROUPS_MAX = 2;
/** Beyond this the order is not read further. */
const QUEUE_BYTES_MAX = 32 << 20;
const QUEUE_COMMITS_MAX = 8_192;

/** Brings commits to the applier in their order, and its answers to whoever waits. */
export class Applying {
  readonly #applier: Applier;
  readonly #onAnswer: (commit: OrderedCommit, answer: Uint8Array) => void;
  readonly #onFailure: (error: Error) => void;
  readonly #queue: OrderedCommit[] = [];
  readonly #roomWaiters: (() => void)[] = [];
  #queueBytes = 0;
  #underWay = 0;
  #count = 0;
  #isStopped = false;
  #last: Promise<void> = Promise.resolve();

  constructor(
    applier: Applier,
    onAnswer: (commit: OrderedCommit, answer: Uint8Array) => void,
    onFailure: (error: Error) => void,
  ) {
    this.#applier = applier;
    this.#onAnswer = onAnswer;
    this.#onFailure = onFailure;
  }

  /** Commits that were applied since the start. */
  get count(): number {
    return this.#count;
  }

  push(commit: OrderedCommit): void {
    if (this.#isStopped) return;
    this.#queue.push(commit);
    this.#queueBytes += commit.bytes.byteLength;
    this.#pump();
  }

  get #hasRoom(): boolean {
    return this.#queueBytes < QUEUE_BYTES_MAX && this.#queue.length < QUEUE_COMMITS_MAX;
  }

  /** Waits until there is room for more; whoever reads the order waits here. */
  async room(): Promise<void> {
    while (!this.#hasRoom && !this.#isStopped)
      await new Promise<void>((resolve) => this.#roomWaiters.push(resolve));
  }

  /** Takes nothing more, and waits for what the applier is at. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#queue.length = 0;
    this.#wake();
    await this.#last;
  }

  #pump(): void {
    while (this.#queue.length > 0 && this.#underWay < GROUPS_MAX && !this.#isStopped) {
      const group = this.#nextGroup();
      this.#underWay++;
      this.#last = Promise.all([this.#last, this.#apply(group)]).then(() => undefined);
    }
  }

  #nextGroup(): OrderedCommit[] {
    let bytes = 0;
    let count = 0;
    for (const commit of this.#queue) {
      if (count > 0 && (count >= GROUP_COMMITS_MAX || bytes >= GROUP_BYTES_MAX)) break;
      bytes += commit.bytes.byteLength;
      count++;
    }
    this.#queueBytes -= bytes;
    return this.#queue.splice(0, count);
  }

  async #apply(group: readonly OrderedCommit[]): Promise<void> {
    try {
      const answers = await this.#applier.apply(group);
      if (answers.length !== group.length)
        throw new Error(`the applier gave ${answers.length} answers to ${group.length} commits`);
      this.#count += group.length;
      for (const [index, commit] of group.entries()) {
        const answer = answers[index];
        if (answer !== undefined) this.#onAnswer(commit, answer);
      }
    } catch (error) {
      this.#isStopped = true;
      this.#queue.length = 0;
      this.#onFailure(error instanceof Error ? error : new Error(String(error)));
    }
    this.#underWay--;
    this.#wake();
    this.#pump();
  }

  #wake(): void {
    for (const resolve of this.#roomWaiters.splice(0)) resolve();
  }
}
