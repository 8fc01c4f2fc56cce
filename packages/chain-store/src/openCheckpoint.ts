import type { CheckpointRecord, StoredCommit } from '@anarq/chain-archive';
import {
  decodeEntry,
  encodeEntry,
  type Checkpoint,
  type Entry,
  type ExecutedCommit,
  type Receipt,
  type Transaction,
} from '@anarq/dag';
import type { Layer } from './segment.ts';

/** Where a transaction stands in the order of the chain. */
export interface Position {
  readonly commit: number;
  /** Which receipt of the commit. */
  readonly index: number;
}

/** A transaction that was carried out, with what became of it. */
export interface ArchivedTransaction {
  readonly id: string;
  readonly transaction: Transaction;
  readonly receipt: Receipt;
  readonly position: Position;
  readonly round: number;
  /** The checkpoint that covers it; undefined until there is one. */
  seq: number | undefined;
  /** Where it was read from. */
  readonly layer: Layer;
}

/** An entry without its signature, and the signature. */
interface Split {
  readonly commit: number;
  readonly entry: Uint8Array;
  readonly signature: Uint8Array;
}

/** A checkpoint with all that it covers, ready to be written. */
export interface WholeCheckpoint {
  readonly record: CheckpointRecord;
  readonly entries: readonly Split[];
  readonly transactions: readonly ArchivedTransaction[];
  /** About how much it is. */
  readonly bytes: number;
}

/** Collects commits until a checkpoint covers them. */
export class OpenCheckpoint {
  readonly #chainId: Uint8Array;
  #next: number | undefined;
  #firstCommit = 0;
  #commits: StoredCommit[] = [];
  #entries = new Map<string, Split>();
  #transactions: ArchivedTransaction[] = [];
  #bytes = 0;

  constructor(chainId: Uint8Array) {
    this.#chainId = chainId;
  }

  /** The first commit that the next checkpoint covers. */
  get firstCommit(): number {
    return this.#firstCommit;
  }

  /** Takes a commit. @returns the transactions that it carried out */
  add(executed: ExecutedCommit): readonly ArchivedTransaction[] {
    const { number, receipts, commit } = executed;
    // The node went on from another state: what was open is covered by a checkpoint that it did not make.
    if (number !== this.#next) this.#begin(number);
    this.#next = number + 1;
    if (receipts.length === 0) return [];
    const { time_ms, leader } = commit;
    this.#commits.push({ number, time_ms, round: leader.round, receipts });
    const made = this.#transactionsOf(executed);
    this.#transactions.push(...made);
    return made;
  }

  /** Takes out everything up to a checkpoint, which the last commit ended with. */
  close(checkpoint: Checkpoint): WholeCheckpoint {
    for (const each of this.#transactions) each.seq = checkpoint.seq;
    const whole: WholeCheckpoint = {
      record: {
        kind: 'checkpoint',
        checkpoint,
        firstCommit: this.#firstCommit,
        commits: this.#commits,
      },
      entries: [...this.#entries.values()],
      transactions: this.#transactions,
      bytes: this.#bytes,
    };
    this.#begin(checkpoint.commits + 1);
    return whole;
  }

  #begin(number: number): void {
    this.#next = number;
    this.#firstCommit = number;
    this.#commits = [];
    this.#entries = new Map();
    this.#transactions = [];
    this.#bytes = 0;
  }

  #transactionsOf({ number, receipts, commit }: ExecutedCommit): ArchivedTransaction[] {
    const wanted = new Set(receipts.map(({ id }) => id));
    const found = new Map<string, Transaction>();
    for (const bytes of commit.blocks.flatMap(({ entries }) => entries)) {
      const entry = this.#readWanted(bytes, wanted);
      if (entry === undefined) continue;
      for (const [at, id] of entry.ids.entries()) {
        const transaction = entry.transactions[at];
        if (transaction !== undefined) found.set(id, transaction);
      }
      const [first = ''] = entry.ids;
      if (this.#entries.has(first)) continue;
      const { transactions, signature } = entry;
      const stripped = encodeEntry(transactions, new Uint8Array());
      this.#entries.set(first, { commit: number, entry: stripped, signature });
      this.#bytes += bytes.length;
    }
    this.#bytes += 100 * receipts.length;
    return receipts.flatMap((receipt, index) => {
      const transaction = found.get(receipt.id);
      if (transaction === undefined) return [];
      const position = { commit: number, index };
      const { round } = commit.leader;
      const { id } = receipt;
      return { id, transaction, receipt, position, round, seq: undefined, layer: 'hot' as const };
    });
  }

  /** An entry of which something was carried out; others have no receipt, and are nobody's history. */
  #readWanted(bytes: Uint8Array, wanted: ReadonlySet<string>): Entry | undefined {
    try {
      const entry = decodeEntry(this.#chainId, bytes);
      return entry.ids.some((id) => wanted.has(id)) ? entry : undefined;
    } catch {
      // The executor left out what does not read; so does its history.
      return undefined;
    }
  }
}
