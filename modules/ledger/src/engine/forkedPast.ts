import {
  LedgerState,
  LogOperation,
  logStart,
  readBatches,
  WhatIf,
  type AccountDifference,
  type ChangedTransfer,
  type LedgerOptions,
  type LoggedBatch,
  type LogPosition,
  type RunStore,
} from '@anarq/ledger-engine';
import { ledgerIdIn } from './ledgerId.ts';
import { newHashKey } from './options.ts';
import { applyLogged } from './recovery.ts';
import { LedgerRefusal } from './refusal.ts';
import { RunFiles } from './runFiles.ts';
import { keptPage, Segments } from './segments.ts';
import { readSnapshot, snapshotPages } from './snapshots.ts';

/** Where the books are forked: before the first batch that goes beyond it; at their end without either. */
export interface ForkPlace {
  /** Events of transfers that come before. */
  readonly sequence?: number | undefined;
  /** The last instant that comes before, in nanoseconds. */
  readonly instant?: bigint | undefined;
}

export interface ForkOrder {
  /** Of the ledger, and of its indexes. */
  readonly folder: string;
  readonly runsFolder: string;
  readonly segmentPages: number;
  readonly sealEvents?: number | undefined;
  /** Pages of the log that are safe: what comes behind them is not read. */
  readonly pages: number;
  /** Most pages that are gone through from a snapshot on. */
  readonly pagesMax: number;
  readonly place: ForkPlace;
  /** Transfers to post at the fork, as records of 128 bytes. */
  readonly records: Uint8Array;
  readonly count: number;
  /** The instant up to which the books go on behind the fork; without it they do not. */
  readonly until?: bigint | undefined;
  /** Most accounts of books that are forked, and most accounts and transfers that are told. */
  readonly accountsMax: number;
  readonly toldMax: number;
}

export interface ForkAnswer {
  /** Where the fork was made: events before it, and the time of the last batch. */
  readonly sequence: number;
  readonly timestamp: bigint;
  /** What became of the transfers: numbers of TRANSFER_RESULTS. */
  readonly results: Uint32Array;
  readonly accounts: readonly AccountDifference[];
  readonly changed: readonly ChangedTransfer[];
  /** Whether all that differs is told. */
  readonly isComplete: boolean;
}

/**
 * Makes the books of a moment of the past again, from a snapshot and the log behind it, posts into a fork
 * of them, and has both go on with what came after. It writes nothing into the folder.
 * @throws LedgerRefusal where the place is too far away, or none
 */
export function forkPast(order: ForkOrder): ForkAnswer {
  const segments = new Segments(order.folder, order.segmentPages);
  const files = new RunFiles(order.runsFolder);
  try {
    return new PastFork(order, segments, files).run();
  } finally {
    segments.close();
    files.close();
  }
}

class PastFork {
  readonly #order: ForkOrder;
  readonly #segments: Segments;
  readonly #ledger: Uint8Array;
  readonly #state: LedgerState;
  readonly #position: LogPosition;

  constructor(order: ForkOrder, segments: Segments, files: RunFiles) {
    this.#order = order;
    this.#segments = segments;
    this.#ledger = ledgerIdIn(order.folder);
    const start = startBefore(order, {
      pages: { read: (page) => keptPage(segments, page, this.#ledger) },
      runs: behind(files),
      hashKey: newHashKey(),
      ...(order.sealEvents === undefined ? {} : { sealEvents: order.sealEvents }),
    });
    this.#state = start.state;
    this.#position = start.position;
  }

  run(): ForkAnswer {
    const { pages, pagesMax, until } = this.#order;
    const state = this.#state;
    const from = this.#position.page;
    const source = { read: (page: number) => this.#segments.read(page), end: pages };
    if (until !== undefined) this.#checkWay(pages - from);
    let page = from;
    let fork: Begun | undefined;
    for (const batch of readBatches(source, this.#ledger, this.#position)) {
      if (page - from > pagesMax) this.#checkWay(page - from);
      if (fork === undefined && this.#isBehind(batch)) fork = this.#begin(page);
      if (fork !== undefined && until === undefined) break;
      fork?.trial.goOn(batch);
      applyLogged(state, batch, page);
      ({ page } = this.#position);
    }
    return this.#answer(fork ?? this.#beginAtEnd(page));
  }

  #isBehind({ operation, count, timestamp }: LoggedBatch): boolean {
    const { sequence, instant } = this.#order.place;
    // Accounts are no events of transfers.
    const events = this.#state.eventsCount + (operation === LogOperation.ACCOUNTS ? 0 : count);
    return (
      (sequence !== undefined && events > sequence) ||
      (instant !== undefined && timestamp > instant)
    );
  }

  #beginAtEnd(page: number): Begun {
    const { sequence = 0 } = this.#order.place;
    const { eventsCount } = this.#state;
    if (sequence > eventsCount)
      throw new LedgerRefusal(
        'INPUT_INVALID',
        `the books have had ${eventsCount} transfers, not ${sequence}`,
      );
    return this.#begin(page);
  }

  #begin(page: number): Begun {
    const { records, count, toldMax, accountsMax } = this.#order;
    const state = this.#state;
    if (state.accountsCount > accountsMax)
      throw new LedgerRefusal(
        'LIMIT_EXCEEDED',
        `books of at most ${accountsMax} accounts are forked, not of ${state.accountsCount}`,
      );
    const trial = new WhatIf(state, { page, changedMax: toldMax });
    const { eventsCount: sequence, lastTimestamp: timestamp } = state;
    return { trial, sequence, timestamp, results: trial.post(records, count) };
  }

  #answer({ trial, sequence, timestamp, results }: Begun): ForkAnswer {
    const { until, toldMax } = this.#order;
    if (until !== undefined) trial.settle(until);
    const accounts = trial.differences(toldMax + 1);
    const { transfers: changed, count } = trial.changed;
    const isComplete = accounts.length <= toldMax && count <= toldMax;
    accounts.length = Math.min(accounts.length, toldMax);
    return { sequence, timestamp, results, accounts, changed, isComplete };
  }

  #checkWay(pages: number): void {
    const { pagesMax } = this.#order;
    if (pages <= pagesMax) return;
    throw new LedgerRefusal(
      'LIMIT_EXCEEDED',
      `the books are made again over at most ${pagesMax} pages of their log, and it would be more: fork them later, or nearer to a snapshot`,
    );
  }
}

interface Begun extends Pick<ForkAnswer, 'sequence' | 'timestamp' | 'results'> {
  readonly trial: WhatIf;
}

/** The newest kept books that stand before a place; empty ones where there are none. */
function startBefore(
  { folder, pages, place }: ForkOrder,
  options: LedgerOptions,
): { readonly state: LedgerState; readonly position: LogPosition } {
  const { sequence = Infinity, instant } = place;
  for (const page of snapshotPages(folder)) {
    if (page > pages) continue;
    const snapshot = readKept(folder, page);
    if (snapshot === undefined) continue;
    const state = LedgerState.restore(snapshot.books, options);
    const isBefore = instant === undefined || state.lastTimestamp <= instant;
    if (state.eventsCount <= sequence && isBefore) return { state, position: snapshot.position };
  }
  return { state: new LedgerState(options), position: logStart() };
}

/** A snapshot; the writer may throw it away for a newer one at any moment. */
function readKept(folder: string, page: number): ReturnType<typeof readSnapshot> {
  try {
    return readSnapshot(folder, page);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Reads the files of the writer, and keeps in memory what would be written into them. */
function behind(files: RunFiles): RunStore {
  const written = new Map<string, Uint8Array>();
  return {
    write: (name, bytes) => void written.set(name, bytes.slice()),
    read: (name, offset, length) =>
      written.get(name)?.slice(offset, offset + length) ?? files.read(name, offset, length),
  };
}
