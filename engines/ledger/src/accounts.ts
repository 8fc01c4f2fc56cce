import {
  A_CODE_FLAGS,
  A_ID,
  A_LEDGER,
  A_TIMESTAMP,
  A_USER_128,
  A_USER_32,
  A_USER_64,
  A_BALANCES,
  BALANCE_WORDS,
  RECORD_WORDS,
} from './layout.ts';
import { hashOf, longestWay, NO_KEY, type HashKey } from './hashing.ts';

/**
 * Words of what is fixed about an account, those first that every transfer needs: a large array begins 16
 * bytes behind the line of a cache, so that the last 16 bytes of an account lie in the next line.
 */
const F_ID = 0;
export const F_LEDGER = 4;
/** The flags are the upper half; only `closed` ever changes. */
export const F_CODE_FLAGS = 5;
export const F_TIMESTAMP = 6;
export const F_USER_128 = 8;
export const F_USER_64 = 12;
export const F_USER_32 = 14;
export const FACT_WORDS = 16;

/** No account. */
export const NOBODY = -1;
const COUNT_FIRST = 1024;

/**
 * All accounts, in the order in which they were opened. Balances lie together, 64 bytes an account,
 * and grow by doubling; an open-addressed table finds an account by its id.
 */
export class Accounts {
  count = 0;
  balances = new Uint32Array(COUNT_FIRST * BALANCE_WORDS);
  facts = new Uint32Array(COUNT_FIRST * FACT_WORDS);
  /** Index + 1 of an account, 0 where there is none; at most half full. */
  #slots = new Uint32Array(COUNT_FIRST * 2);
  readonly #key: HashKey;

  constructor(key: HashKey = NO_KEY) {
    this.#key = key;
  }

  /** The index of an account, or NOBODY. */
  find(words: Uint32Array, at: number): number {
    return this.findFrom(this.slotOf(words, at), words, at);
  }

  /** The slot at which the way to an id begins. */
  slotOf(words: Uint32Array, at: number): number {
    const hash = hashOf(this.#key, words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
    return hash & (this.#slots.length - 1);
  }

  /** The index of the account in a slot; that of the first one where there is none. */
  indexIn(slot: number): number {
    return Math.max(0, this.#slots[slot]! - 1);
  }

  /** The index of an account, or NOBODY. @param first slot at which the way to its id begins */
  findFrom(first: number, words: Uint32Array, at: number): number {
    const i0 = words[at]!;
    const i1 = words[at + 1]!;
    const i2 = words[at + 2]!;
    const i3 = words[at + 3]!;
    const { facts } = this;
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = first; ; slot = (slot + 1) & mask) {
      const index = slots[slot]! - 1;
      if (index < 0) return NOBODY;
      const fact = index * FACT_WORDS;
      if (
        facts[fact] === i0 &&
        facts[fact + 1] === i1 &&
        facts[fact + 2] === i2 &&
        facts[fact + 3] === i3
      )
        return index;
    }
  }

  /** Opens an account with empty balances. Its id is not among them. @returns its index */
  open(record: Uint32Array, at: number, timestampLow: number, timestampHigh: number): number {
    if ((this.count + 1) * 2 > this.#slots.length) this.#grow();
    const index = this.count++;
    const fact = index * FACT_WORDS;
    const { facts } = this;
    for (let word = 0; word < 4; word++) {
      facts[fact + F_ID + word] = record[at + A_ID + word]!;
      facts[fact + F_USER_128 + word] = record[at + A_USER_128 + word]!;
    }
    facts[fact + F_USER_64] = record[at + A_USER_64]!;
    facts[fact + F_USER_64 + 1] = record[at + A_USER_64 + 1]!;
    facts[fact + F_USER_32] = record[at + A_USER_32]!;
    facts[fact + F_LEDGER] = record[at + A_LEDGER]!;
    facts[fact + F_CODE_FLAGS] = record[at + A_CODE_FLAGS]!;
    facts[fact + F_TIMESTAMP] = timestampLow;
    facts[fact + F_TIMESTAMP + 1] = timestampHigh;
    this.balances.fill(0, index * BALANCE_WORDS, (index + 1) * BALANCE_WORDS);
    this.#place(index);
    return index;
  }

  /** Takes back the account that was opened last. Nothing was placed after it, so its slot is free. */
  unopen(): void {
    const index = --this.count;
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = this.#hash(index * FACT_WORDS) & mask;
    while (slots[slot] !== index + 1) slot = (slot + 1) & mask;
    slots[slot] = 0;
  }

  /** The steps of the longest way to an account. */
  get longestWay(): number {
    const slots = this.#slots;
    return longestWay(slots.length, (slot) =>
      slots[slot] === 0 ? undefined : this.#hash((slots[slot]! - 1) * FACT_WORDS),
    );
  }

  #hash(fact: number): number {
    const { facts } = this;
    return hashOf(this.#key, facts[fact]!, facts[fact + 1]!, facts[fact + 2]!, facts[fact + 3]!);
  }

  /** Writes an account as its record of 128 bytes. */
  writeRecord(index: number, into: Uint32Array, at: number): void {
    const fact = index * FACT_WORDS;
    const { facts } = this;
    for (let word = 0; word < 4; word++) {
      into[at + A_ID + word] = facts[fact + F_ID + word]!;
      into[at + A_USER_128 + word] = facts[fact + F_USER_128 + word]!;
    }
    const balance = index * BALANCE_WORDS;
    for (let word = 0; word < BALANCE_WORDS; word++)
      into[at + A_BALANCES + word] = this.balances[balance + word]!;
    into[at + A_USER_64] = facts[fact + F_USER_64]!;
    into[at + A_USER_64 + 1] = facts[fact + F_USER_64 + 1]!;
    into[at + A_USER_32] = facts[fact + F_USER_32]!;
    into[at + A_USER_32 + 1] = 0;
    into[at + A_LEDGER] = facts[fact + F_LEDGER]!;
    into[at + A_CODE_FLAGS] = facts[fact + F_CODE_FLAGS]!;
    into[at + A_TIMESTAMP] = facts[fact + F_TIMESTAMP]!;
    into[at + A_TIMESTAMP + 1] = facts[fact + F_TIMESTAMP + 1]!;
  }

  /** Takes back what writeRecord wrote of `count` accounts, in their order. */
  readRecords(words: Uint32Array, count: number): void {
    for (let index = 0; index < count; index++) {
      const at = index * RECORD_WORDS;
      this.open(words, at, words[at + A_TIMESTAMP]!, words[at + A_TIMESTAMP + 1]!);
      const from = at + A_BALANCES;
      this.balances.set(words.subarray(from, from + BALANCE_WORDS), index * BALANCE_WORDS);
    }
  }

  #place(index: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = this.#hash(index * FACT_WORDS) & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = index + 1;
  }

  #grow(): void {
    const size = this.#slots.length;
    const { balances, facts } = this;
    this.balances = new Uint32Array(size * BALANCE_WORDS);
    this.balances.set(balances);
    this.facts = new Uint32Array(size * FACT_WORDS);
    this.facts.set(facts);
    this.#slots = new Uint32Array(size * 2);
    for (let index = 0; index < this.count; index++) this.#place(index);
  }
}
