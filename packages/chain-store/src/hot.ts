import type { ArchivedTransaction, Position } from './openCheckpoint.ts';
import { isBefore } from './segments.ts';

/** What lies in memory: the last transactions, and those that are in no segment yet. */
export class HotHistory {
  readonly #transactions_max: number;
  /** By id, the earliest first. */
  readonly #recent = new Map<string, ArchivedTransaction>();
  #unwritten: ArchivedTransaction[] = [];

  constructor(transactions_max: number) {
    this.#transactions_max = transactions_max;
  }

  get size(): number {
    return this.#recent.size;
  }

  get(id: string): ArchivedTransaction | undefined {
    return this.#recent.get(id);
  }

  add(each: ArchivedTransaction): void {
    this.#unwritten.push(each);
    if (this.#recent.has(each.id)) return;
    this.#recent.set(each.id, each);
    for (const oldest of this.#recent.keys()) {
      if (this.#recent.size <= this.#transactions_max) break;
      this.#recent.delete(oldest);
    }
  }

  /** Forgets what never came to be covered by a checkpoint here. */
  forget(before: number): void {
    this.#unwritten = this.#unwritten.filter(
      ({ position, seq }) => seq !== undefined || position.commit >= before,
    );
  }

  written(transactions: readonly ArchivedTransaction[]): void {
    const done = new Set(transactions);
    this.#unwritten = this.#unwritten.filter((each) => !done.has(each));
  }

  /** Those in no segment yet, behind a place in the order, the earliest first. */
  since(after: Position): readonly ArchivedTransaction[] {
    return this.#unwritten.filter(({ position }) => isBefore(after, position));
  }

  /** Those in no segment yet, before a place in the order, the latest first. */
  page(order: {
    readonly account?: string | undefined;
    readonly before?: Position | undefined;
    readonly limit: number;
  }): readonly ArchivedTransaction[] {
    const { account, before, limit } = order;
    return this.#unwritten
      .filter((each) => before === undefined || isBefore(each.position, before))
      .filter((each) => account === undefined || isOf(each, account))
      .toReversed()
      .slice(0, limit);
  }
}

function isOf({ transaction }: ArchivedTransaction, account: string): boolean {
  const { action } = transaction;
  const isPaid = action.kind === 'transfer' || action.kind === 'mint';
  return transaction.account === account || (isPaid && action.to === account);
}
