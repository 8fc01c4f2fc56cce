import { randomBytes } from 'node:crypto';
import { LogOperation, TIMESTAMP_MAX, type LedgerState, type Queries } from '@anarq/ledger-engine';
import type { Applier, FaultModel, OrderingEngine, OrderingStatus } from '@anarq/ordering';
import type { Admit, BatchAnswer, Waiting } from '../engine/group.ts';
import { ExpiryTimer } from '../engine/expiryTimer.ts';
import { keepOrderBegin, orderBeginIn } from '../engine/ledgerId.ts';
import type { WriterOptions } from '../engine/options.ts';
import { LedgerRefusal } from '../engine/refusal.ts';
import { LedgerWriter } from '../engine/writer.ts';
import type { DeskBooks } from '../socket/desk.ts';
import { decodeAnswer } from './answerBytes.ts';
import { LedgerApplier } from './applier.ts';
import { encodeBatch } from './batchBytes.ts';
import { causeOfText, keyOfCause } from './cause.ts';
import { isUnseen } from './seen.ts';

/** How often a batch is looked at again because something came in between. */
const LOOKS_MAX = 8;
/** The ends of holds are asked for again so soon, where the order's time has not come so far. */
const TICK_AGAIN_NS = 1_000_000_000n;

export interface OrderedLedgerOptions {
  readonly folder: string;
  /** Opens who orders the batches, over the books of this node. */
  readonly order: (applier: Applier) => Promise<OrderingEngine>;
  /** Sizes of the books are the same at all nodes: `accountsMax`, `sealEvents`, `keepsAllBalances`. */
  readonly writer?: Omit<WriterOptions, 'isOrdered' | 'queueMax'>;
  /**
   * Whether what other nodes say of their books stops these where they differ. Right where all who hand in
   * are of one operator; anybody else could stop them by a lie.
   */
  readonly comparesBooks?: boolean;
  readonly onError: (error: unknown) => void;
}

/** How an ordered ledger stands. */
export interface OrderedLedgerStatus extends OrderingStatus {
  /** Digest over all batches that acted and what they were answered, in hex: the same at nodes that are as far. */
  readonly history: string;
}

/**
 * The books of one node of a ledger that has several: each has all of them, and the order says what comes
 * next and when. A batch is answered when it is safe in the books of this node.
 */
export class OrderedLedger {
  readonly #writer: LedgerWriter;
  readonly #applier: LedgerApplier;
  readonly #engine: OrderingEngine;
  readonly #onError: (error: unknown) => void;
  readonly #expiryTimer = new ExpiryTimer(() => void this.#tick());
  /** Batches of this node that have no answer, by key; the engine limits how many. */
  readonly #underWay = new Map<
    string,
    { readonly events: Uint8Array; readonly answer: Promise<BatchAnswer> }
  >();
  #isClosed = false;

  private constructor(
    of: {
      readonly writer: LedgerWriter;
      readonly applier: LedgerApplier;
      readonly engine: OrderingEngine;
    },
    onError: (error: unknown) => void,
  ) {
    this.#writer = of.writer;
    this.#applier = of.applier;
    this.#engine = of.engine;
    this.#onError = onError;
    this.#writer.onSafe(() => this.#wakeForExpiry());
  }

  /**
   * Opens the ledger in a folder, or makes one. Books that were written without an order begin one with what
   * they have; other nodes begin with a copy of the folder.
   * @throws as `LedgerWriter.open`, and what `order` throws
   */
  static async open(options: OrderedLedgerOptions): Promise<OrderedLedger> {
    const { folder, order, comparesBooks = true, onError } = options;
    const writer = await LedgerWriter.open(folder, { ...options.writer, isOrdered: true });
    let applier: LedgerApplier | undefined;
    try {
      if (orderBeginIn(folder) === undefined) keepOrderBegin(folder, beginOf(writer));
      applier = new LedgerApplier({ folder, writer, comparesBooks });
      const engine = await order(applier);
      return new OrderedLedger({ writer, applier, engine }, onError);
    } catch (error) {
      applier?.close();
      await writer.close();
      throw error;
    }
  }

  get faultModel(): FaultModel {
    return this.#engine.faultModel;
  }

  get queries(): Queries {
    return this.#writer.queries;
  }

  get state(): LedgerState {
    return this.#writer.state;
  }

  /** The writer behind the order: what it is asked, it answers; whatever is written comes from the order. */
  get writer(): LedgerWriter {
    return this.#writer;
  }

  settled(): Promise<void> {
    return this.#writer.settled();
  }

  /**
   * Opens accounts: records of 128 bytes.
   * @param cause 32 bytes that name the batch: the same ones act once, whoever brings them; without them it
   * is a batch of its own
   * @throws LedgerRefusal where no node takes it; QError, see OrderingEngine.submit
   */
  createAccounts(events: Uint8Array, cause?: Uint8Array, admit?: Admit): Promise<BatchAnswer> {
    return this.#submit(LogOperation.ACCOUNTS, events, cause, admit);
  }

  /**
   * The books for a socket. What a connection was opened with is the cause of all of its batches there, and
   * names none of them: here each is a batch of its own.
   */
  get served(): DeskBooks {
    const { queries, faultModel } = this;
    return {
      queries,
      faultModel,
      settled: () => this.settled(),
      createAccounts: (events, _cause, admit) => this.createAccounts(events, undefined, admit),
      createTransfers: (events, _cause, admit) => this.createTransfers(events, undefined, admit),
    };
  }

  /**
   * Creates transfers likewise.
   * @param admit looks at the batch on the books of now. Where an account or a hold of it comes in between,
   * no node takes it, and it is looked at again
   */
  createTransfers(events: Uint8Array, cause?: Uint8Array, admit?: Admit): Promise<BatchAnswer> {
    return this.#submit(LogOperation.TRANSFERS, events, cause, admit);
  }

  status(): OrderedLedgerStatus {
    return { ...this.#engine.status(), history: this.#applier.history().digest };
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#expiryTimer.stop();
    await this.#engine.close();
    this.#applier.close();
    await this.#writer.close();
  }

  /** The same batch that is brought again meanwhile is one. */
  #submit(
    operation: number,
    events: Uint8Array,
    cause: Uint8Array | undefined,
    admit: Admit | undefined,
  ): Promise<BatchAnswer> {
    const key = keyOfCause(cause ?? randomBytes(32));
    const known = this.#underWay.get(key);
    if (known !== undefined) {
      if (Buffer.compare(known.events, events) === 0) return known.answer;
      const why = 'another batch is under way under this cause';
      return Promise.reject(new LedgerRefusal('VERSION_CONFLICT', why));
    }
    const answer = this.#order(key, { operation, events, admit }).finally(() =>
      this.#underWay.delete(key),
    );
    this.#underWay.set(key, { events, answer });
    return answer;
  }

  async #order(
    key: string,
    { operation, events, admit }: Pick<Waiting, 'operation' | 'events' | 'admit'>,
  ): Promise<BatchAnswer> {
    for (let looks = 1; ; looks++) {
      admit?.(this.state);
      const { accountsCount: accounts, eventsCount } = this.state;
      const seen = admit === undefined ? undefined : { accounts, events: eventsCount };
      const { witness } = this.#applier;
      const bytes = encodeBatch({ operation, events, seen, witness });
      try {
        return decodeAnswer((await this.#engine.submit({ key, bytes })).answer);
      } catch (error) {
        if (looks === LOOKS_MAX || !isUnseen(error)) throw error;
      }
    }
  }

  #wakeForExpiry(): void {
    if (this.#isClosed) return;
    this.#expiryTimer.set(this.state.expiryDueAt(), now_ns());
  }

  /** What is over here ends when the order says that the time has come, at every node in the same place. */
  async #tick(): Promise<void> {
    const due = this.state.expiryDueAt();
    if (this.#isClosed || due === TIMESTAMP_MAX || due > now_ns()) return this.#wakeForExpiry();
    try {
      // Nodes that ask for the same end within a second ask once.
      const cause = causeOfText(`tick ${due} ${now_ns() / TICK_AGAIN_NS}`);
      await this.#submit(LogOperation.TRANSFERS, new Uint8Array(0), cause, undefined);
    } catch (error) {
      if (!this.#isClosed) this.#onError(error);
    }
    if (this.#isClosed) return;
    const now = now_ns();
    const next = this.state.expiryDueAt();
    this.#expiryTimer.set(next > now ? next : now + TICK_AGAIN_NS, now);
  }
}

const now_ns = (): bigint => BigInt(Date.now()) * 1_000_000n;

const beginOf = (writer: LedgerWriter): { readonly page: number; readonly digest: string } => ({
  page: writer.pages,
  digest:
    writer.pages === 0 ? '0'.repeat(64) : Buffer.from(writer.state.stateHash()).toString('hex'),
});
