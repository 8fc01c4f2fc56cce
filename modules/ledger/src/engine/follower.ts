import { createPrivateKey, sign } from 'node:crypto';
import { join } from 'node:path';
import {
  digestOfPage,
  eventLeaf,
  isPageAt,
  LogDamaged,
  Page,
  PAGE_RECORDS,
  readBatches,
  RECORD_BYTES,
  RECORD_WORDS,
  RunDamaged,
  signCheckpoint,
  type BalanceProof,
  type CheckpointSigner,
  type LedgerCheckpoint,
  type LedgerOptions,
  type LogPosition,
  type TransferProof,
} from '@anarq/ledger-engine';
import { parseVkey, SIGNATURE_TYPE, vkeyOf } from '@anarq/tlog';
import { FollowerBooks, stamp } from './followerBooks.ts';
import { FollowerFiles } from './followerFiles.ts';
import { ledgerIdIn } from './ledgerId.ts';
import { newHashKey } from './options.ts';
import { Segments } from './segments.ts';
import { SignedBefore } from './signedBefore.ts';
import { keepNotes, readNotes, type KeptNotes } from './signedNotes.ts';

/** Events that are taken in at a time. */
const STEP_EVENTS = 8_192;
const SNAPSHOT_PAGES = 65_536;

export interface FollowerOptions {
  readonly segmentPages: number;
  readonly sealEvents?: number | undefined;
  /** Name of the key in the notes: a host and a path. */
  readonly keyName: string;
  /** The private key, ML-DSA-44 (FIPS 204), PKCS #8 in DER. */
  readonly keyDer: Uint8Array;
  /** Pages after which the books are kept for the next start. */
  readonly snapshotPages?: number;
  /** Verifier keys (C2SP signed-note) of those that signed here before this one. */
  readonly formerKeys?: readonly string[];
}

/**
 * Reads the log behind the writer, makes the books a second time from it, and signs what they come to.
 * A batch that comes out otherwise here than there, or a checkpoint that does not lie on the way, is
 * damage.
 */
export class LedgerFollower {
  readonly #folder: string;
  readonly #segments: Segments;
  readonly #files: FollowerFiles;
  readonly #sealEvents: number | undefined;
  readonly #snapshotPages: number;
  readonly #ledger: Uint8Array;
  #books: FollowerBooks;
  readonly #signer: CheckpointSigner;
  readonly #kept: KeptNotes | undefined;
  /** What the books have to come to before anything is signed. */
  readonly #before: SignedBefore | undefined;
  #checkpoint: LedgerCheckpoint | undefined;
  /** The page before which the last checkpoint was signed, and before which the books were kept. */
  #signedPage = 0;
  #keptPage: number;
  #keeping: Promise<void> | undefined;

  /** @throws Error where what was signed last is damaged, or of a key that is not known */
  constructor(folder: string, options: FollowerOptions) {
    this.#folder = folder;
    this.#signer = signerOf(options);
    this.#kept = readNotes(folder, [
      this.#signer.vkey,
      ...(options.formerKeys ?? []).map(parseVkey),
    ]);
    this.#before = this.#kept && new SignedBefore(this.#kept);
    this.#ledger = ledgerIdIn(folder);
    this.#segments = new Segments(folder, options.segmentPages);
    this.#files = new FollowerFiles(join(folder, 'follower'));
    this.#sealEvents = options.sealEvents;
    this.#snapshotPages = options.snapshotPages ?? SNAPSHOT_PAGES;
    this.#books = this.#keptBooks() ?? this.#newBooks();
    this.#keptPage = this.#books.startPage;
  }

  /** The page of the log that this start began to read with. */
  get startPage(): number {
    return this.#books.startPage;
  }

  /** Events in the books here. */
  get events(): number {
    return this.#books.eventsCount;
  }

  /** The checkpoint that was signed last; undefined before the books come to it after a start. */
  get checkpoint(): LedgerCheckpoint | undefined {
    return this.#checkpoint;
  }

  /** Whether there is something to sign: events or accounts that the last checkpoint does not have. */
  get hasNews(): boolean {
    if (!this.#hasMet || this.#books.position.page === 0) return false;
    return (
      this.#checkpoint?.position.events !== this.#books.eventsCount ||
      this.#books.hasChangedAccounts
    );
  }

  get #hasMet(): boolean {
    return this.#before === undefined || this.#before.position !== undefined;
  }

  /**
   * Takes in batches before a page that is safe; a few at a time, so that whoever asks for a proof need
   * not wait long. Where kept books do not lead to what was signed, the log is read from its beginning.
   * @returns whether there are none left
   * @throws LogDamaged also where the log ends before what was signed
   */
  advance(safePage: number): boolean {
    try {
      return this.#distrusting(() => this.#advance(safePage));
    } catch (error) {
      if (!isDamage(error) || this.#hasMet || this.#books.startPage === 0) throw error;
      this.#books = this.#newBooks();
      return false;
    }
  }

  #advance(safePage: number): boolean {
    this.#segments.refresh();
    const source = { read: (page: number) => this.#segments.read(page), end: safePage };
    const { position } = this.#books;
    let { page } = position;
    let events = 0;
    this.#meet();
    for (const batch of readBatches(source, this.#ledger, position)) {
      this.#books.take(batch, page);
      this.#meet();
      ({ page } = position);
      events += batch.count;
      if (events >= STEP_EVENTS) break;
    }
    if (page < safePage) {
      if (events >= STEP_EVENTS) return false;
      throw new LogDamaged(page, `page ${page} of the log is damaged: it was safe before`);
    }
    // What was signed had been safe, and all that was safe is so after a start.
    if (!this.#hasMet) throw this.#before?.missed(this.#books);
    return true;
  }

  /**
   * Signs the books as they are here.
   * @param time_s POSIX seconds
   * @throws Error before they come to what was signed last: nobody signs fewer events than before
   */
  sign(time_s: number): LedgerCheckpoint {
    if (!this.#hasMet)
      throw new Error('the ledger was not yet read up to the checkpoint that was signed last');
    const checkpoint = signCheckpoint(this.#signer, this.#books.trees(), time_s);
    keepNotes(this.#folder, checkpoint);
    this.#checkpoint = checkpoint;
    this.#signedPage = this.#books.position.page;
    return checkpoint;
  }

  /**
   * Keeps the books for the next start, where enough came since they were kept last. Only such as were
   * signed are: they lie on the way to the notes, which prove them.
   */
  keep(everyPages = this.#snapshotPages): Promise<void> {
    const { page } = this.#books.position;
    const isDue = page === this.#signedPage && page - this.#keptPage >= everyPages;
    if (this.#keeping === undefined && isDue) {
      this.#keptPage = page;
      this.#keeping = this.#files.write(this.#books.snapshot()).finally(() => {
        this.#keeping = undefined;
      });
    }
    return this.#keeping ?? Promise.resolve();
  }

  /** That a transfer is in the last checkpoint; undefined where it is not, or not yet. */
  proveTransfer(id: bigint): TransferProof | undefined {
    return this.#distrusting(() => this.#proveTransfer(id));
  }

  #proveTransfer(id: bigint): TransferProof | undefined {
    const { state, events } = this.#books;
    const checkpoint = this.#checkpoint;
    const ordinal = state.queries.ordinalOf(id);
    const record = state.queries.transfer(id);
    if (checkpoint === undefined || ordinal === undefined || record === undefined) return undefined;
    const signed = checkpoint.position.events;
    if (ordinal >= signed) return undefined;
    return {
      note: checkpoint.transfers,
      ordinal,
      result: 0,
      record,
      hashes: events.prove(ordinal, signed, (from, to) => this.#leaves(from, to)),
    };
  }

  /** What the last checkpoint says about an account; undefined where it was not there then. */
  proveBalance(id: bigint): BalanceProof | undefined {
    const { state, accounts } = this.#books;
    const checkpoint = this.#checkpoint;
    const words = new Uint32Array(4);
    for (let word = 0; word < 4; word++)
      words[word] = Number((id >> BigInt(32 * word)) & 0xffffffffn);
    const account = state.accountNumber(words, 0);
    if (checkpoint === undefined || account < 0 || account + 1 >= accounts.size) return undefined;
    // Changed since: its record of then is not here any more. The next checkpoint has it.
    if (this.#books.hasChanged(account)) return undefined;
    return {
      note: checkpoint.accounts,
      position: checkpoint.position,
      positionHashes: accounts.prove(0),
      leaf: account + 1,
      record: state.accountRecord(account),
      hashes: accounts.prove(account + 1),
    };
  }

  /** Keeps the books where they were signed. */
  async close(): Promise<void> {
    try {
      await this.#keeping;
      await this.keep(1);
    } finally {
      this.#segments.close();
      this.#files.close();
    }
  }

  /** Whoever comes upon damage lets the next start begin with the log, and come upon it again. */
  #distrusting<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (isDamage(error)) {
        this.#files.distrust();
        this.#signedPage = -1;
      }
      throw error;
    }
  }

  /** The newest books that were kept of this log; none where nothing says what they have to lead to. */
  #keptBooks(): FollowerBooks | undefined {
    if (this.#kept === undefined) return undefined;
    for (const snapshot of this.#files.snapshots()) {
      if (!this.#isOfLog(snapshot.position)) continue;
      try {
        return new FollowerBooks(this.#booksOptions, snapshot);
      } catch {
        // Of another version, perhaps. Whatever it is, the log says it again.
      }
    }
    return undefined;
  }

  #newBooks(): FollowerBooks {
    this.#files.clear();
    this.#keptPage = 0;
    return new FollowerBooks(this.#booksOptions);
  }

  get #booksOptions(): LedgerOptions {
    return {
      pages: { read: (page) => this.#readPage(page) },
      runs: this.#files.runs,
      hashKey: newHashKey(),
      ...(this.#sealEvents === undefined ? {} : { sealEvents: this.#sealEvents }),
    };
  }

  /** Whether the page before a position is the one that it carries on from. */
  #isOfLog({ page, previous }: LogPosition): boolean {
    const last = page > 0 ? this.#segments.read(page - 1) : undefined;
    return last !== undefined && Buffer.compare(digestOfPage(last), previous) === 0;
  }

  /** Where the books come to what was signed last, that goes on to be the last checkpoint. */
  #meet(): void {
    if (this.#hasMet || this.#before === undefined || this.#kept === undefined) return;
    this.#before.meet(this.#books);
    const { position } = this.#before;
    if (position !== undefined) this.#signedPage = this.#books.position.page;
    // What a former key signed is signed again: its notes say nothing to who has the key of now.
    if (position !== undefined && this.#kept.key === this.#signer.vkey)
      this.#checkpoint = { ...this.#kept.notes, position };
  }

  /** The leaves of events, read from the log again. */
  #leaves(from: number, to: number): Uint8Array[] {
    const leaves: Uint8Array[] = [];
    for (let ordinal = from; ordinal < to; ordinal++) leaves.push(this.#leafAt(ordinal));
    return leaves;
  }

  #leafAt(ordinal: number): Uint8Array {
    const { page, slot } = this.#books.state.placeOf(ordinal);
    const bytes = this.#readPage(page);
    const words = new Uint32Array(RECORD_WORDS);
    const from = Page.RECORDS + slot * RECORD_BYTES;
    new Uint8Array(words.buffer).set(bytes.subarray(from, from + RECORD_BYTES));
    const first = bytes.readUInt32LE(Page.INDEX) * PAGE_RECORDS + slot;
    const last = bytes.readBigUInt64LE(Page.TIMESTAMP);
    const count = bytes.readUInt32LE(Page.BATCH_COUNT);
    stamp(words, 0, last - BigInt(count - 1 - first));
    const result = bytes.readUInt32LE(Page.RESULTS + slot * 4);
    return eventLeaf(ordinal, result, new Uint8Array(words.buffer));
  }

  #readPage(page: number): Buffer {
    const bytes = this.#segments.read(page);
    if (bytes === undefined || !isPageAt(bytes, page, this.#ledger))
      throw new LogDamaged(page, `page ${page} of the log is damaged`);
    return bytes;
  }
}

const isDamage = (error: unknown): boolean =>
  error instanceof LogDamaged || error instanceof RunDamaged;

function signerOf({ keyName, keyDer }: FollowerOptions): CheckpointSigner {
  const key = createPrivateKey({ key: Buffer.from(keyDer), format: 'der', type: 'pkcs8' });
  return {
    vkey: vkeyOf(keyName, SIGNATURE_TYPE.mldsa44Cosignature, key),
    sign: (message) => sign(null, message, key),
  };
}
