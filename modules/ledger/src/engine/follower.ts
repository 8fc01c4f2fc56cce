import { createPrivateKey, sign } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync, renameSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  AccountTree,
  eventLeaf,
  EventTree,
  isPageAt,
  LedgerState,
  LogDamaged,
  LogOperation,
  logStart,
  Page,
  positionLeaf,
  readBatches,
  RECORD_BYTES,
  RECORD_WORDS,
  signCheckpoint,
  T_CREDIT,
  T_DEBIT,
  T_TIMESTAMP,
  wordsOf,
  writeU64,
  type BalanceProof,
  type BooksPosition,
  type CheckpointSigner,
  type LedgerCheckpoint,
  type LoggedBatch,
  type TransferProof,
} from '@anarq/ledger-engine';
import { SIGNATURE_TYPE, vkeyOf } from '@anarq/tlog';
import { ledgerIdIn } from './ledgerId.ts';
import { applyLogged } from './recovery.ts';
import { RunFiles } from './runFiles.ts';
import { Segments } from './segments.ts';

/** Events that are taken in at a time. */
const STEP_EVENTS = 8_192;

export interface FollowerOptions {
  readonly segmentPages: number;
  readonly sealEvents?: number | undefined;
  /** Name of the key in the notes: a host and a path. */
  readonly keyName: string;
  /** The private key, ML-DSA-44 (FIPS 204), PKCS #8 in DER. */
  readonly keyDer: Uint8Array;
}

/**
 * Reads the log behind the writer, makes the books a second time from it, and signs what they come to.
 * A batch that comes out otherwise here than there, or a checkpoint that does not lie on the way, is
 * damage.
 */
export class LedgerFollower {
  readonly #folder: string;
  readonly #segments: Segments;
  readonly #runs: RunFiles;
  readonly #ledger: Uint8Array;
  readonly #state: LedgerState;
  readonly #position = logStart();
  readonly #events = new EventTree();
  readonly #accounts = new AccountTree();
  readonly #signer: CheckpointSigner;
  #changed = new Set<number>();
  #checkpoint: LedgerCheckpoint | undefined;

  constructor(folder: string, options: FollowerOptions) {
    this.#folder = folder;
    this.#ledger = ledgerIdIn(folder);
    this.#segments = new Segments(folder, options.segmentPages);
    // Made again at each start: nothing here is worth keeping that the log does not say.
    const runs = join(folder, 'follower');
    rmSync(runs, { recursive: true, force: true });
    mkdirSync(runs, { recursive: true, mode: 0o700 });
    this.#runs = new RunFiles(runs);
    this.#state = new LedgerState({
      pages: { read: (page) => this.#readPage(page) },
      runs: this.#runs,
      ...(options.sealEvents === undefined ? {} : { sealEvents: options.sealEvents }),
    });
    const key = createPrivateKey({
      key: Buffer.from(options.keyDer),
      format: 'der',
      type: 'pkcs8',
    });
    this.#signer = {
      vkey: vkeyOf(options.keyName, SIGNATURE_TYPE.mldsa44Cosignature, key),
      sign: (message) => sign(null, message, key),
    };
  }

  /** The key that verifies what this one signs. */
  get vkey(): CheckpointSigner['vkey'] {
    return this.#signer.vkey;
  }

  /** Events in the books here. */
  get events(): number {
    return this.#events.size;
  }

  /** The checkpoint that was signed last. */
  get checkpoint(): LedgerCheckpoint | undefined {
    return this.#checkpoint;
  }

  /**
   * Takes in batches before a page that is safe; a few at a time, so that whoever asks for a proof need
   * not wait long.
   * @returns whether there are none left
   * @throws LogDamaged
   */
  advance(safePage: number): boolean {
    this.#segments.refresh();
    const source = { read: (page: number) => this.#segments.read(page), end: safePage };
    let { page } = this.#position;
    let events = 0;
    for (const batch of readBatches(source, this.#ledger, this.#position)) {
      applyLogged(this.#state, batch, page);
      this.#take(batch);
      ({ page } = this.#position);
      events += batch.count;
      if (events >= STEP_EVENTS) return page >= safePage;
    }
    if (page < safePage)
      throw new LogDamaged(page, `page ${page} of the log is damaged: it was safe before`);
    return true;
  }

  /** Signs the books as they are here. @param time_s POSIX seconds */
  sign(time_s: number): LedgerCheckpoint {
    const position: BooksPosition = {
      events: this.#events.size,
      transfersRoot: this.#events.root().slice(),
      timestamp: this.#state.lastTimestamp,
    };
    const leaves = new Map([[0, positionLeaf(position)]]);
    for (const account of this.#changed)
      leaves.set(account + 1, this.#state.accountRecord(account));
    this.#accounts.update(leaves);
    this.#changed = new Set();
    this.#checkpoint = signCheckpoint(
      this.#signer,
      { position, accountsSize: this.#accounts.size, accountsRoot: this.#accounts.root() },
      time_s,
    );
    this.#keep(this.#checkpoint);
    return this.#checkpoint;
  }

  /** The last checkpoint that was signed before this start, where there was one. */
  static lastNote(folder: string): string | undefined {
    const path = join(folder, 'checkpoint');
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  }

  /** That a transfer is in the last checkpoint; undefined where it is not, or not yet. */
  proveTransfer(id: bigint): TransferProof | undefined {
    const checkpoint = this.#checkpoint;
    const ordinal = this.#state.queries.ordinalOf(id);
    const record = this.#state.queries.transfer(id);
    if (checkpoint === undefined || ordinal === undefined || record === undefined) return undefined;
    const { events } = checkpoint.position;
    if (ordinal >= events) return undefined;
    return {
      note: checkpoint.transfers,
      ordinal,
      result: 0,
      record,
      hashes: this.#events.prove(ordinal, events, (from, to) => this.#leaves(from, to)),
    };
  }

  /** What the last checkpoint says about an account; undefined where it was not there then. */
  proveBalance(id: bigint): BalanceProof | undefined {
    const checkpoint = this.#checkpoint;
    const words = new Uint32Array(4);
    for (let word = 0; word < 4; word++)
      words[word] = Number((id >> BigInt(32 * word)) & 0xffffffffn);
    const account = this.#state.accountNumber(words, 0);
    if (checkpoint === undefined || account < 0 || account + 1 >= this.#accounts.size)
      return undefined;
    // Changed since: its record of then is not here any more. The next checkpoint has it.
    if (this.#changed.has(account)) return undefined;
    return {
      note: checkpoint.accounts,
      position: checkpoint.position,
      positionHashes: this.#accounts.prove(0),
      leaf: account + 1,
      record: this.#state.accountRecord(account),
      hashes: this.#accounts.prove(account + 1),
    };
  }

  close(): void {
    this.#segments.close();
    this.#runs.close();
  }

  #take(batch: LoggedBatch): void {
    if (batch.operation === LogOperation.ACCOUNTS) {
      for (let account = this.#state.accountsCount - 1; account >= 0; account--) {
        if (this.#changed.has(account) || account + 1 < this.#accounts.size) break;
        this.#changed.add(account);
      }
      return;
    }
    const words = wordsOf(batch.events.slice());
    for (let index = 0; index < batch.count; index++) {
      const at = index * RECORD_WORDS;
      const result = batch.results[index] ?? 0;
      this.#events.append(leafOf(batch, words, index));
      if (result !== 0) continue;
      this.#changed.add(this.#state.accountNumber(words, at + T_DEBIT));
      this.#changed.add(this.#state.accountNumber(words, at + T_CREDIT));
    }
  }

  /** The leaves of events, read from the log again. */
  #leaves(from: number, to: number): Uint8Array[] {
    const leaves: Uint8Array[] = [];
    for (let ordinal = from; ordinal < to; ordinal++) leaves.push(this.#leafAt(ordinal));
    return leaves;
  }

  #leafAt(ordinal: number): Uint8Array {
    const { page, slot } = this.#state.placeOf(ordinal);
    const bytes = this.#readPage(page);
    const words = new Uint32Array(RECORD_WORDS);
    const from = Page.RECORDS + slot * RECORD_BYTES;
    new Uint8Array(words.buffer).set(bytes.subarray(from, from + RECORD_BYTES));
    const first = bytes.readUInt32LE(Page.INDEX) * 30 + slot;
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

  #keep({ transfers, accounts }: LedgerCheckpoint): void {
    const path = join(this.#folder, 'checkpoint');
    writeFileSync(`${path}.half`, `${transfers}\n${accounts}`, { mode: 0o600 });
    renameSync(`${path}.half`, path);
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
function stamp(words: Uint32Array, at: number, timestamp: bigint): void {
  if ((words[at + T_TIMESTAMP] ?? 0) === 0 && (words[at + T_TIMESTAMP + 1] ?? 0) === 0)
    writeU64(words, at + T_TIMESTAMP, timestamp);
}
