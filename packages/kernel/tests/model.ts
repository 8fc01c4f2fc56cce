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

/** A call that was answered, and with which code. */
export interface Answered {
  readonly key: string;
  readonly asked: Asked;
  readonly code: string;
}

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
  items = new Set<string>();
  #answered = new Map<string, string>();

  call(key: string, asked: Asked): string {
    const before = this.#answered.get(key);
    if (before !== undefined) return before;
    const code = this.#happens(asked);
    // What a budget refuses is no outcome: the same may fit in another hour.
    if (code !== 'BUDGET_EXCEEDED') this.#answered.set(key, code);
    return code;
  }

  /** What may come of calls at once: what comes of them one after another, in some order. */
  atOnce(calls: readonly Answered[]): void {
    const end = this.#inSomeOrder(calls);
    if (end === undefined)
      throw new Error(`in no order do these calls end so: ${JSON.stringify(calls)}`);
    this.#become(end);
  }

  /** How the model stands after these calls, in an order in which each ends as it did. */
  #inSomeOrder(calls: readonly Answered[]): Model | undefined {
    if (calls.length === 0) return this;
    for (const next of calls) {
      const after = new Model();
      after.#become(this);
      if (after.call(next.key, next.asked) !== next.code) continue;
      const end = after.#inSomeOrder(calls.filter((other) => other !== next));
      if (end !== undefined) return end;
    }
    return undefined;
  }

  #become(other: Model): void {
    this.left = other.left;
    this.paid = other.paid;
    this.hour = other.hour;
    this.paidThisHour = other.paidThisHour;
    this.items = new Set(other.items);
    this.#answered = new Map(other.#answered);
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
