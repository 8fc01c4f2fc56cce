import { QError } from '@anarq/common-schemas';
import { bytesOfHex, type ExecutedCommit } from '@anarq/dag';
import { dataOf, type ChainEvent, type Validator } from '@anarq/validator';
import { FAULT_MODELS } from '../faultModels.ts';
import { Intake } from '../intake.ts';
import type {
  Applier,
  Batch,
  OrderedAnswer,
  OrderedCommit,
  OrderingEngine,
  OrderingLimits,
  OrderingState,
  OrderingStatus,
  SubmitOptions,
} from '../types.ts';
import { chunksOf, decodeChunks, spaceDigest } from './chunks.ts';
import { Finality } from './finality.ts';
import type { CommitFeed } from './feed.ts';
import { Joins } from './joins.ts';
import { Sender, type OrderingAccount } from './sender.ts';

const NS_PER_MS = 1_000_000n;
const AGAIN_MS = 1_000;
/** A sequence is the number of a commit, and in its lower half the place of a batch in that. */
const COMMIT_SHIFT = 32n;

export interface DagBftOptions {
  readonly validator: Validator;
  /** The one whose archive the validator was opened with. */
  readonly feed: CommitFeed;
  /** Where parts of batches wait that are not whole yet; of this node alone. */
  readonly folder: string;
  /** Names the ledger on its chain; the same at each of its nodes. */
  readonly space: string;
  /** Whose transactions count, as account ids in hex: those of the ledger's nodes, the same at each of them. */
  readonly members: readonly string[];
  /** The one of this node. */
  readonly account: OrderingAccount;
  /** What a transaction pays, in the chain's smallest unit. */
  readonly fee: bigint;
  readonly applier: Applier;
  /** The ledger begins where the chain is now: nothing of it is in earlier commits. */
  readonly beginsAnew?: boolean;
  readonly limits: OrderingLimits;
  readonly now_ms?: () => number;
  /** After how long what has no receipt is handed in again. Default 1 s. */
  readonly again_ms?: number;
  readonly onError: (error: unknown) => void;
}

/**
 * Batches in the order of a Byzantine fault tolerant chain, as `data` transactions of the ledger's nodes.
 * The chain knows nothing of what they mean; this node applies them, commit by commit, and its validator
 * forgets none before it is safe in the books.
 */
export class DagBftOrdering implements OrderingEngine {
  readonly faultModel = FAULT_MODELS['dag-bft'];
  readonly #options: DagBftOptions;
  readonly #chainId: Uint8Array;
  readonly #space: Uint8Array;
  readonly #members: ReadonlySet<string>;
  readonly #intake: Intake;
  readonly #joins: Joins;
  readonly #sender: Sender;
  readonly #finality: Finality;
  readonly #leave: () => void;
  #state: OrderingState = 'catchingUp';
  #why: string | undefined;
  #counts = { applied: 0, foreign: 0 };
  #read: Promise<void> = Promise.resolve();

  constructor(options: DagBftOptions) {
    const { validator, account, space, fee, feed, folder, limits, members } = options;
    this.#options = options;
    this.#chainId = bytesOfHex(validator.chainId);
    this.#space = spaceDigest(space);
    this.#members = new Set(members);
    this.#intake = new Intake('dag-bft', limits);
    this.#joins = new Joins(folder);
    this.#finality = new Finality(limits.answer_ms_max);
    this.#sender = new Sender({
      validator,
      account,
      space: this.#space,
      fee,
      now_ms: options.now_ms ?? Date.now,
      again_ms: options.again_ms ?? AGAIN_MS,
      onRefused: (key, error) => this.#intake.refuse(key, error),
    });
    this.#leave = validator.on((event) => this.#hear(event));
    feed.attach((executed) => this.#take(executed));
  }

  async submit(batch: Batch, { level = 'Confirmed' }: SubmitOptions = {}): Promise<OrderedAnswer> {
    const { held, isNew } = this.#intake.take(batch);
    if (isNew) this.#sender.send(chunksOf(batch.key, batch.bytes));
    const answer = await held.promise;
    if (level === 'Confirmed') return answer;
    await this.#finality.covering(Number(answer.sequence >> COMMIT_SHIFT));
    return { ...answer, level };
  }

  status(): OrderingStatus {
    const { validator, applier } = this.#options;
    const isReady = this.#state === 'catchingUp' && this.#sender.isRegistered;
    return {
      faultModel: this.faultModel,
      state: isReady ? 'ready' : this.#state,
      ...(this.#why === undefined ? {} : { why: this.#why }),
      applied: applier.applied(),
      ordered: BigInt(validator.chain().commits) << COMMIT_SHIFT,
      waiting: this.#intake.size,
      waiting_bytes: this.#intake.bytes,
      counts: {
        submitted: this.#intake.submitted,
        applied: this.#counts.applied,
        resubmitted: this.#sender.resubmitted,
        foreign: this.#counts.foreign,
        reconnected: 0,
      },
    };
  }

  async close(): Promise<void> {
    if (!this.#isOver) this.#state = 'closed';
    this.#leave();
    this.#sender.close();
    const why = new QError('SERVICE_UNAVAILABLE', 'The order is closed.');
    this.#intake.close(why);
    this.#finality.close(why);
    await this.#read.catch(() => undefined);
    this.#joins.close();
  }

  get #isOver(): boolean {
    return this.#state === 'failed' || this.#state === 'closed';
  }

  /** One commit after another: the validator hands over the next when this one is safe. */
  #take(executed: ExecutedCommit): Promise<void> {
    this.#read = this.#apply(executed).catch((error: unknown) => {
      this.#fail(error instanceof Error ? error.message : String(error));
      throw error;
    });
    return this.#read;
  }

  async #apply(executed: ExecutedCommit): Promise<void> {
    const { number, receipts } = executed;
    // What the books do not have, the validator may not forget.
    if (this.#isOver) throw new Error(this.#why ?? 'the order is closed');
    this.#sender.hear(receipts);
    const { through } = this.#joins;
    if (number <= through) return;
    const isFirst = through === 0 && (this.#options.beginsAnew === true || number === 1);
    if (number > through + 1 && !isFirst)
      throw new Error(
        `the chain goes on with commit ${number}, and these books have come to ${through}: what lies between is not here. Copy the folders of a node that follows it`,
      );
    const { applier } = this.#options;
    const commits = this.#commitsOf(executed);
    const answers = commits.length === 0 ? [] : await applier.apply(commits);
    if (answers.length !== commits.length)
      throw new Error(`the applier gave ${answers.length} answers to ${commits.length} commits`);
    this.#joins.keep(number);
    this.#counts.applied += commits.length;
    for (const [index, { key, sequence }] of commits.entries())
      this.#intake.answer(key, sequence, answers[index] ?? new Uint8Array());
  }

  /** The batches that are whole with a commit, and not in the books yet. */
  #commitsOf(executed: ExecutedCommit): OrderedCommit[] {
    const { number } = executed;
    const time_ns = BigInt(executed.commit.time_ms) * NS_PER_MS;
    const applied = this.#options.applier.applied();
    let sequence = BigInt(number) << COMMIT_SHIFT;
    const commits: OrderedCommit[] = [];
    for (const { account, bytes } of dataOf(this.#chainId, executed)) {
      const chunks = this.#members.has(account) ? decodeChunks(this.#space, bytes) : undefined;
      if (chunks === undefined) this.#counts.foreign++;
      for (const chunk of chunks ?? []) {
        const joined = this.#joins.take(number, account, chunk);
        if (joined === undefined) continue;
        sequence += 1n;
        if (sequence > applied) commits.push({ ...joined, sequence, time_ns });
      }
    }
    return commits;
  }

  #hear(event: ChainEvent): void {
    if (event.kind === 'finalized') this.#finality.reach(event.checkpoint.commits);
    else if (event.kind === 'adopted' && event.commits > this.#joins.through)
      this.#fail(
        `the validator took over the state of commit ${event.commits}, and these books have come to ${this.#joins.through}: what lies between is not here. Copy the folders of a node that follows it`,
      );
    else if (event.kind === 'stopped') this.#fail(`the validator stopped: ${event.reason}`);
    else if (event.kind === 'fork')
      this.#fail(`more validators than may be faulty signed another history at ${event.seq}`);
  }

  #fail(why: string): void {
    if (this.#isOver) return;
    this.#state = 'failed';
    this.#why = why;
    this.#options.onError(new Error(why));
    const error = new QError('SERVICE_UNAVAILABLE', `The order stopped: ${why}.`);
    this.#intake.close(error);
    this.#finality.close(error);
  }
}
