import {
  AccountTree,
  eventLeaf,
  EventTree,
  LedgerState,
  LogOperation,
  logStart,
  positionLeaf,
  RECORD_BYTES,
  RECORD_WORDS,
  T_CREDIT,
  T_DEBIT,
  T_TIMESTAMP,
  wordsOf,
  writeU64,
  type BooksPosition,
  type LedgerOptions,
  type LoggedBatch,
  type LogPosition,
} from '@anarq/ledger-engine';
import { applyLogged } from './recovery.ts';
import type { Snapshot } from './snapshots.ts';

const LENGTH_BYTES = 4;

/** Both trees at one position of the books: what a checkpoint signs. */
export interface Trees {
  readonly position: BooksPosition;
  readonly accountsSize: number;
  readonly accountsRoot: Uint8Array;
}

/** The books as a follower makes them from the log, and the two trees over them. */
export class FollowerBooks {
  readonly state: LedgerState;
  readonly position: LogPosition;
  readonly events: EventTree;
  /** The page of the log that they began with: 0 where nothing was kept of earlier books. */
  readonly startPage: number;
  readonly accounts = new AccountTree();
  /** Accounts that are not in their tree as they are. */
  #changed = new Set<number>();

  /**
   * @param kept books to go on with
   * @throws Error where it is none
   */
  constructor(options: LedgerOptions, kept?: Snapshot) {
    this.position = kept?.position ?? logStart();
    this.startPage = this.position.page;
    if (kept === undefined) {
      this.state = new LedgerState(options);
      this.events = new EventTree();
      return;
    }
    const bytes = Buffer.from(kept.books.buffer, kept.books.byteOffset, kept.books.byteLength);
    const treeEnd = LENGTH_BYTES + bytes.readUInt32LE(0);
    this.events = EventTree.restore(bytes.subarray(LENGTH_BYTES, treeEnd));
    this.state = LedgerState.restore(bytes.subarray(treeEnd), options);
    // Their leaves follow from the books; what those come to is what was signed, or they are not used.
    for (let account = 0; account < this.accountsCount; account++) this.#changed.add(account);
  }

  /** The books and the tree of events as they are here: length of the tree, tree, books. */
  snapshot(): Snapshot {
    const { page, batch, previous } = this.position;
    const tree = this.events.bytes();
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32LE(tree.byteLength);
    return {
      position: { page, batch, safe: page, previous: previous.slice() },
      books: Buffer.concat([length, tree, this.state.snapshot()]),
    };
  }

  get eventsCount(): number {
    return this.events.size;
  }

  get accountsCount(): number {
    return this.state.accountsCount;
  }

  /** Whether an account was opened, or its balances were touched, since the trees were asked for. */
  get hasChangedAccounts(): boolean {
    return this.#changed.size > 0;
  }

  hasChanged = (account: number): boolean => this.#changed.has(account);

  /**
   * Takes in a batch of the log.
   * @param page in which it begins
   * @throws LogDamaged where it comes out otherwise than logged
   */
  take(batch: LoggedBatch, page: number): void {
    const opened = this.accountsCount;
    applyLogged(this.state, batch, page);
    if (batch.operation === LogOperation.ACCOUNTS) {
      for (let account = opened; account < this.accountsCount; account++)
        this.#changed.add(account);
      return;
    }
    const words = wordsOf(batch.events.slice());
    for (let index = 0; index < batch.count; index++) {
      const at = index * RECORD_WORDS;
      this.events.append(leafOf(batch, words, index));
      if (batch.results[index] !== 0) continue;
      this.#changed.add(this.state.accountNumber(words, at + T_DEBIT));
      this.#changed.add(this.state.accountNumber(words, at + T_CREDIT));
    }
  }

  /** Brings the tree of accounts to where the books are. */
  trees(): Trees {
    const position: BooksPosition = {
      events: this.eventsCount,
      transfersRoot: this.events.root().slice(),
      timestamp: this.state.lastTimestamp,
    };
    const leaves = new Map([[0, positionLeaf(position)]]);
    for (const account of this.#changed) leaves.set(account + 1, this.state.accountRecord(account));
    this.accounts.update(leaves);
    this.#changed = new Set();
    return { position, accountsSize: this.accounts.size, accountsRoot: this.accounts.root() };
  }
}

function leafOf(batch: LoggedBatch, words: Uint32Array, index: number): Uint8Array {
  const at = index * RECORD_WORDS;
  stamp(words, at, batch.timestamp - BigInt(batch.count - 1 - index));
  return eventLeaf(
    batch.ordinal + index,
    batch.results[index] ?? 0,
    new Uint8Array(words.buffer, words.byteOffset + at * 4, RECORD_BYTES),
  );
}

/** Puts the time of an event where the log leaves it out; an imported one carries its own. */
export function stamp(words: Uint32Array, at: number, timestamp: bigint): void {
  if ((words[at + T_TIMESTAMP] ?? 0) === 0 && (words[at + T_TIMESTAMP + 1] ?? 0) === 0)
    writeU64(words, at + T_TIMESTAMP, timestamp);
}
