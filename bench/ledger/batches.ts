import {
  A_CODE_FLAGS,
  A_ID,
  A_LEDGER,
  RECORD_BYTES,
  RECORD_WORDS,
  T_AMOUNT,
  T_CODE_FLAGS,
  T_CREDIT,
  T_DEBIT,
  T_ID,
  T_LEDGER,
  T_PENDING,
  TransferFlag,
  writeU128,
} from '@anarq/ledger-engine';
import { accountKey, ledgerOf, socketTransferId } from '@anarq/ledger/socket';

/** What a batch is made of. */
export type Mix = 'plain' | 'two-phase' | 'linked';

export interface BatchOrder {
  /** Transfers of a batch. */
  readonly batch: number;
  readonly mix: Mix;
  /** Ids that rise from batch to batch, or that come in no order. */
  readonly ids: 'rising' | 'random';
  /** Accounts 1 to this number are used, all alike. */
  readonly accounts: number;
  /** Of a node: its accounts are a1 to this number, in EUR, and their keys come of the tenant. */
  readonly tenant?: string | undefined;
}

/** Batches are used in turn, and there are so many that caches do not know all of their accounts. */
const POOL_TRANSFERS = 64 * 8_190;
const POOL_BATCHES_MAX = 4_096;
const LINKED_WORD = TransferFlag.LINKED << 16;
const CHAINS = [2, 3, 4];

/** Marsaglia's xorshift of 32 bits: the same numbers in each run. */
export function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** Batches made before anything is measured; only their ids are written each time. */
export class Batches {
  readonly #order: BatchOrder;
  readonly #pool: Uint32Array[];
  readonly #random: () => number;
  #at = 0;
  #nextId: number;

  /** @param firstId of those that rise */
  constructor(order: BatchOrder, inFlight: number, firstId: number) {
    this.#order = order;
    this.#nextId = firstId;
    // Random ids must be others each time that batches are made.
    this.#random = numbersFrom(0x9e3779b9 ^ firstId);
    const wanted = Math.ceil(POOL_TRANSFERS / order.batch);
    const count = Math.max(inFlight * 2, Math.min(wanted, POOL_BATCHES_MAX));
    const random = numbersFrom(88_172_645);
    this.#pool = Array.from({ length: count }, () => batchOf(order, random));
  }

  /** The id that the next transfer gets. */
  get nextId(): number {
    return this.#nextId;
  }

  /** The next batch, with ids of its own. Twice as many must be out before the same memory comes again. */
  take(): Uint8Array {
    const words = this.#pool[this.#at]!;
    this.#at = (this.#at + 1) % this.#pool.length;
    if (this.#order.ids === 'rising') this.#writeRising(words);
    else this.#writeRandom(words);
    if (this.#order.mix === 'two-phase') namePending(words);
    return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  }

  #writeRising(words: Uint32Array): void {
    let low = this.#nextId >>> 0;
    let high = Math.floor(this.#nextId / 2 ** 32);
    for (let at = T_ID; at < words.length; at += RECORD_WORDS) {
      words[at] = low;
      words[at + 1] = high;
      low = (low + 1) >>> 0;
      if (low === 0) high++;
    }
    this.#nextId += words.length / RECORD_WORDS;
  }

  #writeRandom(words: Uint32Array): void {
    for (let at = T_ID; at < words.length; at += RECORD_WORDS)
      for (let word = 0; word < 4; word++) words[at + word] = this.#random();
    this.#nextId += words.length / RECORD_WORDS;
  }
}

/** Accounts `from` to `from + count - 1`, which may hold anything. */
export function accountsFrom(from: number, count: number): Uint8Array {
  const words = new Uint32Array(count * RECORD_WORDS);
  for (let index = 0; index < count; index++) {
    const at = index * RECORD_WORDS;
    words[at + A_ID] = from + index;
    words[at + A_LEDGER] = 1;
    words[at + A_CODE_FLAGS] = 1;
  }
  return new Uint8Array(words.buffer);
}

function batchOf({ batch, mix, accounts, tenant }: BatchOrder, random: () => number): Uint32Array {
  const words = new Uint32Array((batch * RECORD_BYTES) / 4);
  for (let index = 0; index < batch; index++) {
    const at = index * RECORD_WORDS;
    const debit = random() % accounts;
    const credit = (debit + 1 + (random() % (accounts - 1))) % accounts;
    words[at + T_DEBIT] = debit + 1;
    words[at + T_CREDIT] = credit + 1;
    words[at + T_AMOUNT] = 1 + (random() % 1_000);
    words[at + T_LEDGER] = 1;
    words[at + T_CODE_FLAGS] = 1;
  }
  if (tenant !== undefined) makeOfTenant(words, tenant);
  if (mix === 'two-phase') makeTwoPhase(words, batch);
  if (mix === 'linked') link(words, batch);
  return words;
}

/** Accounts of a node are known by keys, and ids begin with the mark of the tenant. */
function makeOfTenant(words: Uint32Array, tenant: string): void {
  for (let at = 0; at < words.length; at += RECORD_WORDS) {
    for (const side of [T_DEBIT, T_CREDIT])
      writeU128(words, at + side, accountKey(tenant, `a${words[at + side]}`));
    writeU128(words, at + T_ID, socketTransferId(tenant, 0n));
    words[at + T_LEDGER] = ledgerOf('EUR');
  }
}

/** The first half holds; the second half posts or voids, in turn, what the first half held. */
function makeTwoPhase(words: Uint32Array, batch: number): void {
  const half = batch >>> 1;
  for (let index = 0; index < half; index++) {
    words[index * RECORD_WORDS + T_CODE_FLAGS]! |= TransferFlag.PENDING << 16;
    const from = index * RECORD_WORDS;
    const at = (half + index) * RECORD_WORDS;
    for (const word of [T_DEBIT, T_CREDIT, T_AMOUNT]) words[at + word] = words[from + word]!;
    const flag = index % 2 === 0 ? TransferFlag.POST_PENDING : TransferFlag.VOID_PENDING;
    words[at + T_CODE_FLAGS]! |= flag << 16;
  }
}

function namePending(words: Uint32Array): void {
  const half = (words.length / RECORD_WORDS) >>> 1;
  for (let index = 0; index < half; index++)
    for (let word = 0; word < 4; word++)
      words[(half + index) * RECORD_WORDS + T_PENDING + word] =
        words[index * RECORD_WORDS + T_ID + word]!;
}

/** Chains of two, three and four in turn; what is left over is in none. */
function link(words: Uint32Array, batch: number): void {
  let from = 0;
  for (let chain = 0; from + CHAINS[chain % 3]! <= batch; chain++) {
    const length = CHAINS[chain % 3]!;
    for (let index = from; index < from + length - 1; index++)
      words[index * RECORD_WORDS + T_CODE_FLAGS]! |= LINKED_WORD;
    from += length;
  }
}
