import { createHash } from 'node:crypto';
import { BloomFilter } from './bloomFilter.ts';
import type { Books } from './books.ts';
import { RECORD_WORDS } from './layout.ts';
import type { RunStore } from './ports.ts';
import { SortedRun, type RunFacts } from './sortedRun.ts';

const VERSION = 1;
const DIGEST_BYTES = 32;

interface RunSection extends RunFacts {
  readonly hasBloom: boolean;
}

/** What the sections of a snapshot are, and how long each is in bytes. */
interface Header {
  readonly version: number;
  readonly accounts: number;
  readonly events: number;
  readonly recentFrom: number;
  readonly sealedTo: number;
  readonly historyWritten: number;
  readonly pagesEnd: number;
  readonly pagesEndOrdinal: number;
  readonly notes: readonly number[];
  readonly historyFirsts: readonly number[];
  readonly historyChecks: readonly number[];
  readonly idRuns: readonly RunSection[];
  readonly postingRuns: readonly RunSection[];
  readonly lengths: readonly number[];
}

/**
 * The books as bytes: a header in JSON with its length before it, sections of words, and SHA-256 of all
 * that. Transfers that the log holds are not among them.
 */
export function snapshotOf(books: Books): Uint8Array {
  const { accounts, events, ids, postings, history, expiries } = books;
  const recentFrom = events.firstRecent === 0 ? 0 : postings.sealedTo;
  const unsealedIds = ids.unsealed();
  const unsealedHistory = history.unsealed();
  const records = new Uint32Array(accounts.count * RECORD_WORDS);
  for (let index = 0; index < accounts.count; index++)
    accounts.writeRecord(index, records, index * RECORD_WORDS);
  const recent = recentOf(books, recentFrom);
  const sections: Uint8Array[] = [
    bytesOf(records),
    events.statuses.bytes(),
    bytesOf(recent.words),
    bytesOf(recent.accounts),
    bytesOf(expiries.entries()),
    bytesOf(books.last),
    bytesOf(unsealedIds.ordered),
    bytesOf(unsealedIds.others),
    bytesOf(unsealedIds.greatest),
    bytesOf(unsealedHistory.words),
  ];
  for (const run of [...ids.runs, ...postings.runs]) {
    const { sparse, last, checks, bloom } = run.memory;
    sections.push(bytesOf(sparse), bytesOf(last), bytesOf(checks));
    if (bloom !== undefined) sections.push(bytesOf(bloom.words));
  }
  const header: Header = {
    version: VERSION,
    accounts: accounts.count,
    events: events.count,
    recentFrom,
    sealedTo: postings.sealedTo,
    historyWritten: unsealedHistory.written,
    pagesEnd: events.index.end,
    pagesEndOrdinal: events.index.endOrdinal,
    notes: events.index.notes,
    historyFirsts: unsealedHistory.firsts,
    historyChecks: unsealedHistory.checks,
    idRuns: ids.runs.map(sectionOf),
    postingRuns: postings.runs.map(sectionOf),
    lengths: sections.map(({ byteLength }) => byteLength),
  };
  const head = new TextEncoder().encode(JSON.stringify(header));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, head.byteLength, true);
  return withDigest([length, head, ...sections]);
}

/** Fills empty books from a snapshot. @throws Error where the bytes are not one */
export function restoreBooks(books: Books, bytes: Uint8Array): void {
  const body = bytes.subarray(0, Math.max(0, bytes.byteLength - DIGEST_BYTES));
  const digest = createHash('sha256').update(body).digest();
  if (body.byteLength < 4 || !digest.equals(bytes.subarray(body.byteLength)))
    throw new Error('the snapshot is damaged: its digest is another');
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const headEnd = 4 + view.getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(body.subarray(4, headEnd))) as Header;
  if (header.version !== VERSION)
    throw new Error(`the snapshot is of version ${header.version}, not ${VERSION}`);
  let at = headEnd;
  const sections = header.lengths.map((length) => {
    const section = new Uint8Array(body.subarray(at, at + length));
    at += length;
    return section;
  });
  const next = (): Uint8Array<ArrayBuffer> => sections.shift()!;
  const words = (): Uint32Array<ArrayBuffer> => new Uint32Array(next().buffer);
  books.accounts.readRecords(words(), header.accounts);
  const { events, history, ids, postings } = books;
  events.restore(next(), header.recentFrom);
  restoreRecent(books, header.recentFrom, words(), words());
  books.expiries.restore(words());
  books.last.set(words());
  const [ordered, others, greatest] = [words(), words(), words()];
  history.restore({
    firsts: [...header.historyFirsts],
    checks: [...header.historyChecks],
    written: header.historyWritten,
    words: words(),
  });
  const { runs: store } = books.options;
  const opened = (facts: RunSection): SortedRun => {
    const [sparse, last, checks] = [words(), words(), words()];
    const bloom = facts.hasBloom ? new BloomFilter(words()) : undefined;
    return SortedRun.open(required(store), facts, { sparse, last, checks, bloom });
  };
  ids.runs.push(...header.idRuns.map(opened));
  postings.runs.push(...header.postingRuns.map(opened));
  postings.sealedTo = header.sealedTo;
  ids.restore({ ordered, others, greatest });
  events.index.restore(header.notes, header.pagesEnd, header.pagesEndOrdinal);
}

/**
 * SHA-256 over accounts with their balances, what became of every event, and the last times. Indexes
 * follow from these and the log, and are not in it.
 */
export function digestOf(books: Books): Uint8Array {
  const { accounts, events, last } = books;
  const hash = createHash('sha256');
  const record = new Uint32Array(RECORD_WORDS);
  const bytes = bytesOf(record);
  for (let index = 0; index < accounts.count; index++) {
    accounts.writeRecord(index, record, 0);
    hash.update(bytes);
  }
  return new Uint8Array(hash.update(events.statuses.bytes()).update(bytesOf(last)).digest());
}

const required = (store: RunStore | undefined): RunStore => {
  if (store === undefined) throw new Error('the snapshot has indexes in files: say where they are');
  return store;
};

const sectionOf = ({ facts, memory }: SortedRun): RunSection => ({
  ...facts,
  hasBloom: memory.bloom !== undefined,
});

/** The events in memory from an ordinal on: their records, and the two accounts of each. */
function recentOf({ events }: Books, from: number): { words: Uint32Array; accounts: Uint32Array } {
  const count = events.count - from;
  const words = new Uint32Array(count * RECORD_WORDS);
  const accounts = new Uint32Array(count * 2);
  for (let index = 0; index < count; index++) {
    if (!events.statuses.isEffective(from + index)) continue;
    events.read(from + index);
    words.set(events.words.subarray(events.at, events.at + RECORD_WORDS), index * RECORD_WORDS);
    accounts[index * 2] = events.debitOf(from + index);
    accounts[index * 2 + 1] = events.creditOf(from + index);
  }
  return { words, accounts };
}

function restoreRecent(
  { events }: Books,
  from: number,
  words: Uint32Array,
  accounts: Uint32Array,
): void {
  for (let index = 0; index * 2 < accounts.length; index++) {
    const at = index * RECORD_WORDS;
    const [debit, credit] = [accounts[index * 2]!, accounts[index * 2 + 1]!];
    events.mark(from + index, words[at + 30]!, words[at + 31]!, debit, credit);
  }
  events.keep(from, words);
}

const bytesOf = (words: Uint32Array): Uint8Array =>
  new Uint8Array(words.buffer, words.byteOffset, words.byteLength);

/** All parts in one copy, and SHA-256 of them behind. */
function withDigest(parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const whole = new Uint8Array(length + DIGEST_BYTES);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  whole.set(createHash('sha256').update(whole.subarray(0, length)).digest(), length);
  return whole;
}
