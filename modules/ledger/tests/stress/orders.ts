import { TransferFlag as T } from '@anarq/ledger-engine';
import { plainTransfer, type ModelTransfer } from '@anarq/ledger-engine/testing';
import type { Random } from './random.ts';

export const ACCOUNTS = 300;
/** Around how many accounts are looked up at a time, and at which bodies are memory that is kept. */
const SIZES = [1, 2, 30, 63, 64, 65, 129, 511, 512, 513, 700, 1_025] as const;
/** Chains are dear to the model, which copies all that it has for each. */
const CHAINS_MAX = 2;
const ID_MAX = 2n ** 128n - 1n;

/** Makes batches in which everything happens: what comes again, holds and their ends, chains, nobody's accounts. */
export class Orders {
  readonly #random: Random;
  /** What was sent by anybody so far. */
  readonly #sent: ModelTransfer[] = [];
  readonly #held: ModelTransfer[] = [];
  /** The ids of each sender rise; together they come in no order. */
  readonly #next = new Map<number, bigint>();

  constructor(random: Random) {
    this.#random = random;
  }

  batchOf(sender: number): ModelTransfer[] {
    const random = this.#random;
    const batch = Array.from({ length: random.of(SIZES) }, () => this.#transferOf(sender));
    for (let chain = random.below(CHAINS_MAX + 1); chain > 0; chain--) this.#link(batch);
    this.#sent.push(...batch);
    this.#held.push(...batch.filter(({ flags }) => (flags & T.PENDING) !== 0));
    return batch;
  }

  #transferOf(sender: number): ModelTransfer {
    const random = this.#random;
    if (this.#sent.length > 0 && random.isOneIn(12)) return unlinked(random.of(this.#sent));
    const id = this.#idOf(sender);
    if (this.#held.length > 0 && random.isOneIn(8)) return this.#resolving(id);
    const [debit, credit] = [this.#account(), this.#account()];
    return plainTransfer(id, {
      debit,
      credit,
      amount: BigInt(random.below(1_000)),
      userData64: BigInt(sender),
      code: 1 + random.below(9),
      flags: random.isOneIn(6) ? T.PENDING : random.isOneIn(30) ? T.BALANCING_DEBIT : 0,
    });
  }

  /** One account in four hundred is nobody's. */
  #account = (): bigint =>
    BigInt(1 + this.#random.below(this.#random.isOneIn(20) ? ACCOUNTS + 20 : ACCOUNTS));

  #idOf(sender: number): bigint {
    const id = (this.#next.get(sender) ?? 1n) + BigInt(1 + this.#random.below(3));
    this.#next.set(sender, id);
    return (BigInt(sender) << 100n) + id;
  }

  #resolving(id: bigint): ModelTransfer {
    const held = this.#random.of(this.#held);
    const isPost = this.#random.isOneIn(2);
    return plainTransfer(id, {
      debit: 0n,
      credit: 0n,
      amount: isPost ? (this.#random.isOneIn(3) ? held.amount / 2n : ID_MAX) : 0n,
      pendingId: held.id,
      ledger: 0,
      code: 0,
      flags: isPost ? T.POST_PENDING : T.VOID_PENDING,
    });
  }

  /** Links some in a row. */
  #link(batch: ModelTransfer[]): void {
    const from = this.#random.below(batch.length);
    const to = Math.min(batch.length - 1, from + 1 + this.#random.below(100));
    for (let index = from; index < to; index++) {
      const transfer = batch[index];
      if (transfer !== undefined) batch[index] = { ...transfer, flags: transfer.flags | T.LINKED };
    }
  }
}

const unlinked = (transfer: ModelTransfer): ModelTransfer => ({
  ...transfer,
  flags: transfer.flags & ~T.LINKED,
});
