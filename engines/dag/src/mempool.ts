import { BLOCK_BYTES_MAX, ENTRIES_MAX, ENTRY_BYTES_MAX } from './block.ts';
import { DIGEST_BYTES, digestOf, hexOf } from './hash.ts';

/** No account takes more of the room than one part in so many. */
const ACCOUNT_SHARES = 8;

interface Kept {
  readonly entry: Uint8Array;
  readonly account: string;
}

/** Entries that wait for a place in a block of this validator, in the order in which they came. */
export class Mempool {
  readonly #waiting = new Map<string, Kept>();
  /** In a block of this validator, which is not carried out yet, with the block's round. */
  readonly #underWay = new Map<string, Kept & { readonly round: number }>();
  /** What waits, of each account. */
  readonly #byAccount = new Map<string, { entries: number; bytes: number }>();
  readonly #entries_max: number;
  #bytes = 0;
  readonly #bytes_max: number;

  constructor(entries_max: number, bytes_max: number) {
    this.#entries_max = entries_max;
    this.#bytes_max = bytes_max;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Whether there is room for an entry of so many bytes. */
  hasRoomFor(bytes: number): boolean {
    return this.#waiting.size < this.#entries_max && this.#bytes + bytes <= this.#bytes_max;
  }

  /** @returns `full` where there is no more room, at all or for its account; nothing is kept then */
  add(entry: Uint8Array): 'added' | 'known' | 'full' | 'tooLarge' {
    if (entry.length > ENTRY_BYTES_MAX) return 'tooLarge';
    const key = keyOf(entry);
    if (this.#waiting.has(key) || this.#underWay.has(key)) return 'known';
    const account = hexOf(entry.subarray(0, DIGEST_BYTES));
    const { entries, bytes } = this.#byAccount.get(account) ?? { entries: 0, bytes: 0 };
    if (
      !this.hasRoomFor(entry.length) ||
      entries >= this.#entries_max / ACCOUNT_SHARES ||
      bytes + entry.length > Math.max(this.#bytes_max / ACCOUNT_SHARES, ENTRY_BYTES_MAX)
    )
      return 'full';
    this.#keep(key, { entry, account });
    return 'added';
  }

  /** What goes into the block of a round, as much as fits beside `headerBytes`. */
  take(round: number, headerBytes: number): readonly Uint8Array[] {
    const taken: Uint8Array[] = [];
    let size = headerBytes;
    for (const [key, kept] of this.#waiting) {
      size += 4 + kept.entry.length;
      if (taken.length >= ENTRIES_MAX || size > BLOCK_BYTES_MAX) break;
      this.#drop(key);
      this.#underWay.set(key, { ...kept, round });
      taken.push(kept.entry);
    }
    return taken;
  }

  /** These are carried out, by whosever block they came. */
  done(entries: Iterable<Uint8Array>): void {
    if (this.#waiting.size + this.#underWay.size === 0) return;
    for (const entry of entries) {
      const key = keyOf(entry);
      this.#underWay.delete(key);
      this.#drop(key);
    }
  }

  /** Blocks below a round will never be carried out any more: what is in them waits again, before all else. */
  again(below: number): void {
    const [oldest] = this.#underWay.values();
    if (oldest === undefined || oldest.round >= below) return;
    const lost = [...this.#underWay].filter(([, { round }]) => round < below);
    const later = [...this.#waiting];
    for (const [key] of later) this.#drop(key);
    for (const [key, { entry, account }] of lost) {
      this.#underWay.delete(key);
      this.#keep(key, { entry, account });
    }
    for (const [key, kept] of later) this.#keep(key, kept);
  }

  #keep(key: string, kept: Kept): void {
    this.#waiting.set(key, kept);
    this.#bytes += kept.entry.length;
    const { entries, bytes } = this.#byAccount.get(kept.account) ?? { entries: 0, bytes: 0 };
    this.#byAccount.set(kept.account, {
      entries: entries + 1,
      bytes: bytes + kept.entry.length,
    });
  }

  #drop(key: string): void {
    const kept = this.#waiting.get(key);
    if (kept === undefined) return;
    this.#waiting.delete(key);
    this.#bytes -= kept.entry.length;
    const of = this.#byAccount.get(kept.account);
    if (of === undefined) return;
    of.entries -= 1;
    of.bytes -= kept.entry.length;
    if (of.entries === 0) this.#byAccount.delete(kept.account);
  }
}

const keys = new WeakMap<Uint8Array, string>();

/** What an entry is known by, computed once for its bytes. */
function keyOf(entry: Uint8Array): string {
  let key = keys.get(entry);
  if (key === undefined) keys.set(entry, (key = hexOf(digestOf('entry', entry))));
  return key;
}
