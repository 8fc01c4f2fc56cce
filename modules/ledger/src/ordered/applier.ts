import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { LogOperation, Page, pagesOf, readHeader, type LedgerState } from '@anarq/ledger-engine';
import type { AppliedHistory, Applier, OrderedCommit } from '@anarq/ordering';
import type { BatchAnswer } from '../engine/group.ts';
import { orderBeginIn } from '../engine/ledgerId.ts';
import { answerAt } from '../engine/loggedAnswer.ts';
import { LedgerRefusal } from '../engine/refusal.ts';
import type { LedgerWriter } from '../engine/writer.ts';
import { encodeAnswer, encodeRefusal } from './answerBytes.ts';
import { decodeBatch, type BatchForOrder, type Witness } from './batchBytes.ts';
import { digestIn, digestOfKey, keyOfCause, orderedCause, sequenceIn } from './cause.ts';
import { History } from './history.ts';
import { KeyIndex, type IndexPlace } from './keyIndex.ts';
import { checkSeen } from './seen.ts';

/** Batches after which the index is written. */
const INDEX_EVERY = 1_024;

/** These books and those of another node came apart: neither may go on. */
class BooksDiffer extends Error {
  override readonly name = 'BooksDiffer';
}

/** A batch that acted before: it is answered as then. */
class ActedBefore extends Error {
  override readonly name = 'ActedBefore';
  readonly page: number;

  constructor(page: number) {
    super(`it is in page ${page}`);
    this.page = page;
  }
}

export interface LedgerApplierOptions {
  readonly folder: string;
  readonly writer: LedgerWriter;
  /** Whether those who hand in are nodes of one operator: then what they say of their books is believed. */
  readonly comparesBooks: boolean;
}

/** Applies what an order says to the books of a ledger. Nothing but the order has a say in what comes out. */
export class LedgerApplier implements Applier {
  readonly #writer: LedgerWriter;
  readonly #comparesBooks: boolean;
  readonly #index: KeyIndex;
  readonly #history: History;
  /** Of the last batch that acted. */
  #key: string | undefined;
  #applied: bigint;
  /** Up to where the index may be written. */
  #place: IndexPlace;
  #last: Promise<void> = Promise.resolve();

  /** @throws Error where the log is not one of an order */
  constructor({ folder, writer, comparesBooks }: LedgerApplierOptions) {
    this.#writer = writer;
    this.#comparesBooks = comparesBooks;
    this.#index = openIndex(folder);
    const begin = beginOf(folder);
    const kept = this.#index.place;
    // A log that ends before its index is not the one that this was made from.
    const isOfLog = kept !== undefined && kept.page >= begin.page && kept.page <= writer.pages;
    if (!isOfLog) this.#index.clear();
    this.#place = isOfLog ? kept : begin;
    this.#history = new History(this.#place);
    this.#key = this.#place.key;
    this.#catchUp();
    const { sequence } = this.#history.last;
    this.#applied = sequence > this.#place.applied ? sequence : this.#place.applied;
  }

  applied(): bigint {
    return this.#applied;
  }

  history(): AppliedHistory {
    const { sequence, digest } = this.#history.last;
    return { sequence, key: this.#key, digest: Buffer.from(digest).toString('hex') };
  }

  /** What these books have come to, for who reads a batch that is handed in here. */
  get witness(): Witness {
    return this.#history.witness;
  }

  async apply(commits: readonly OrderedCommit[]): Promise<readonly Uint8Array[]> {
    let place = this.#place;
    const answers = commits.map((commit) =>
      this.#bring(commit, (acted) => {
        place = acted;
      }),
    );
    const answered = Promise.all(answers);
    const before = this.#last;
    this.#last = answered.then(() => before);
    // Who waits for the one hears of the other, too.
    this.#last.catch(() => undefined);
    const told = await answered;
    await before;
    this.#applied = commits.at(-1)?.sequence ?? this.#applied;
    this.#place = {
      ...(place.page > this.#place.page ? place : this.#place),
      applied: this.#applied,
    };
    if (this.#index.recent >= INDEX_EVERY) this.#index.write(this.#place);
    return told;
  }

  close(): void {
    this.#index.write(this.#place);
    this.#index.close();
  }

  async #bring(
    { key, bytes, sequence, time_ns }: OrderedCommit,
    acted: (place: IndexPlace) => void,
  ): Promise<Uint8Array> {
    const digest = digestOfKey(key);
    const batch = decodeBatch(bytes);
    if (digest === undefined || batch === undefined)
      return encodeRefusal(new LedgerRefusal('INPUT_INVALID', 'this is no batch of a ledger'));
    try {
      const answer = await this.#writer.bringOrdered({
        operation: batch.operation,
        events: batch.events,
        cause: orderedCause(digest, sequence),
        time: time_ns,
        admit: (state) => this.#admit(digest, batch, state),
        logged: (logged) => acted(this.#note(digest, sequence, logged)),
      });
      return encodeAnswer(answer);
    } catch (error) {
      return this.#answerTo(error);
    }
  }

  #admit(digest: Uint8Array, batch: BatchForOrder, state: LedgerState): void {
    const page = this.#index.find(digest);
    if (page !== undefined) throw new ActedBefore(page);
    if (this.#comparesBooks && !this.#history.agrees(batch.witness))
      throw new BooksDiffer(
        `the books of the node that handed in a batch had another history by ${batch.witness.sequence} than these: compare their state hashes, and copy the folder of one that is right`,
      );
    checkSeen(batch, state);
  }

  async #answerTo(error: unknown): Promise<Uint8Array> {
    if (error instanceof ActedBefore) {
      // It may be on its way to the disk still.
      await this.#writer.settled();
      return encodeAnswer(answerAt(error.page, (page) => this.#writer.readPage(page)));
    }
    // Refused by rules that are the same everywhere; anything else is this node's own trouble.
    const isEverywhere =
      error instanceof LedgerRefusal &&
      ['INPUT_INVALID', 'LIMIT_EXCEEDED', 'STATE_CONFLICT'].includes(error.code);
    if (isEverywhere) return encodeRefusal(error);
    throw error;
  }

  #note(digest: Uint8Array, sequence: bigint, answer: BatchAnswer): IndexPlace {
    const page = answer.page + pagesOf(answer.results.length);
    if (answer.results.length > 0) {
      this.#index.add(digest, answer.page);
      this.#history.add({ ...answer, sequence, key: digest });
      this.#key = keyOfCause(digest);
    }
    return { ...this.#history.last, page, applied: sequence, key: this.#key };
  }

  /** Reads what the log has behind the index. */
  #catchUp(): void {
    const read = (page: number): Uint8Array => this.#writer.readPage(page);
    for (let { page } = this.#place; page < this.#writer.pages;) {
      const bytes = Buffer.from(read(page));
      const { operation, batchCount } = readHeader(bytes);
      if (operation !== LogOperation.EXPIRIES) {
        const cause = new Uint8Array(bytes.subarray(Page.CAUSE, Page.LEDGER));
        const digest = digestIn(cause);
        this.#place = this.#note(digest, sequenceIn(cause), answerAt(page, read));
      }
      page += pagesOf(batchCount);
    }
  }
}

/** An index that cannot be read is made again from the log. */
function openIndex(folder: string): KeyIndex {
  try {
    return new KeyIndex(folder);
  } catch {
    for (const end of ['', '-wal', '-shm'])
      rmSync(join(folder, `order.sqlite${end}`), { force: true });
    return new KeyIndex(folder);
  }
}

/** Where the order begins in the log. */
function beginOf(folder: string): IndexPlace {
  const begin = orderBeginIn(folder);
  if (begin === undefined) throw new Error(`the ledger in ${folder} has no order`);
  const digest = Buffer.from(begin.digest, 'hex');
  return { page: begin.page, sequence: 0n, applied: 0n, digest, key: undefined };
}
