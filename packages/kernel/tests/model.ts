/** What one call asks for. Amounts are whole EUR. */
export type Asked =
  | { readonly kind: 'put'; readonly item: string }
  | { readonly kind: 'pay'; readonly amount: number; readonly really: number }
  | {
      readonly kind: 'buy';
      readonly item: string;
      readonly amount: number;
      readonly refused: boolean;
    };

export const TOTAL = 100;
export const PER_CALL = 40;
export const PER_HOUR = 55;
/** The budget ends when this many hours are over. */
export const HOURS = 3;

/**
 * The kernel in a few obvious lines: a call happens once under its key, a budget is never exceeded,
 * in all, in an hour or after its end, and a process happens wholly or not at all.
 */
export class Model {
  left = TOTAL;
  paid = 0;
  hour = 0;
  paidThisHour = 0;
  readonly items = new Set<string>();
  readonly #answered = new Map<string, string>();

  call(key: string, asked: Asked): string {
    const before = this.#answered.get(key);
    if (before !== undefined) return before;
    const code = this.#happens(asked);
    // What a budget refuses is no outcome: the same may fit in another hour.
    if (code !== 'BUDGET_EXCEEDED') this.#answered.set(key, code);
    return code;
  }

  /** What may come of calls at once: any order, so any of them may have found the budget spent. */
  atOnce(calls: readonly { key: string; asked: Asked; code: string }[]): void {
    for (const { key, asked, code } of calls)
      if (code === 'SUCCESS' && this.call(key, asked) !== code)
        throw new Error(`${key} spent what was not left: ${JSON.stringify(asked)}`);
    for (const { key, asked, code } of calls)
      if (code !== 'SUCCESS' && this.call(key, asked) !== code)
        throw new Error(
          `${key} was refused with ${code}, though it fits: ${JSON.stringify(asked)}`,
        );
  }

  /** The next hour begins. */
  wait(): void {
    this.hour += 1;
    this.paidThisHour = 0;
  }

  #happens(asked: Asked): string {
    if (asked.kind === 'put') {
      this.items.add(asked.item);
      return 'SUCCESS';
    }
    const isOver = this.hour >= HOURS || asked.amount > PER_HOUR - this.paidThisHour;
    if (isOver || asked.amount > PER_CALL || asked.amount > this.left) return 'BUDGET_EXCEEDED';
    if (asked.kind === 'buy') {
      if (asked.refused) return 'STATE_CONFLICT';
      this.items.add(asked.item);
    }
    const spent = asked.kind === 'pay' ? asked.really : asked.amount;
    this.left -= spent;
    this.paid += spent;
    this.paidThisHour += spent;
    return 'SUCCESS';
  }
}
