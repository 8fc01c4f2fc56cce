import { AccountFlag as A, TransferFlag as T } from '../../layout.ts';
import type { ModelAccount, ModelTransfer } from '../modelState.ts';
import { plainAccount, plainTransfer } from '../records.ts';
import type { SeededRandom } from './random.ts';

/** Most events of a simulated batch: three pages, the last one short. */
export const BATCH_MAX = 64;
const ID_MAX = 2n ** 128n - 1n;
/** Accounts of a run: 1 … ACCOUNTS; those above are opened later, or never. */
const ACCOUNTS = 14;
const OPENED = 8;
const LIMITS = [
  0,
  0,
  A.HISTORY,
  A.DEBITS_MUST_NOT_EXCEED_CREDITS,
  A.CREDITS_MUST_NOT_EXCEED_DEBITS,
];

/** What is sent as one batch. */
export type Order =
  | { readonly kind: 'accounts'; readonly events: readonly ModelAccount[] }
  | { readonly kind: 'transfers'; readonly events: readonly ModelTransfer[] };

type Kind =
  | 'plain'
  | 'pending'
  | 'post'
  | 'void'
  | 'balancing'
  | 'closing'
  | 'chain'
  | 'again'
  | 'malformed';

const KINDS: Readonly<Record<Kind, number>> = {
  plain: 30,
  pending: 24,
  post: 14,
  void: 7,
  balancing: 6,
  closing: 2,
  chain: 4,
  again: 4,
  malformed: 3,
};

/** What the customers of a ledger send: mostly sensible, in two units, with now and then a mistake. */
export class Workload {
  readonly #random: SeededRandom;
  readonly #sent: ModelTransfer[] = [];
  readonly #pending: ModelTransfer[] = [];
  #rising = 2n ** 64n;
  #falling = 2n ** 63n;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** The accounts that are there from the beginning: of two units, some with limits. */
  opening(): Order {
    return {
      kind: 'accounts',
      events: Array.from({ length: OPENED }, (_, index) => this.#account(BigInt(index + 1), 0)),
    };
  }

  /** @param now nanoseconds since 1970, for what is imported from a time before */
  next(now: bigint): Order {
    const random = this.#random;
    const kind = random.weighted({ transfers: 40, accounts: 2, imports: 1 });
    if (kind === 'accounts') return this.#accounts();
    const most = random.weighted({ few: 14, page: 3, pages: 3 });
    const count = random.between(1, { few: 6, page: 31, pages: BATCH_MAX - 4 }[most]);
    const events: ModelTransfer[] = [];
    while (events.length < count) events.push(...this.#transfers());
    if (kind === 'transfers') return { kind, events };
    return { kind: 'transfers', events: events.slice(0, 8).map(importedAt(now, random)) };
  }

  #accounts(): Order {
    const random = this.#random;
    const events = Array.from({ length: random.between(1, 4) }, () =>
      this.#account(
        BigInt(random.between(1, ACCOUNTS)),
        random.chance(20) ? A.LINKED : random.chance(5) ? 1 << 9 : 0,
      ),
    );
    return { kind: 'accounts', events };
  }

  #account(id: bigint, flags: number): ModelAccount {
    return plainAccount(id, {
      userData128: id * 3n,
      userData32: Number(id),
      ledger: unitOf(id),
      flags: flags | LIMITS[Number(id) % LIMITS.length]!,
    });
  }

  /** One transfer, or a chain of them. */
  #transfers(): ModelTransfer[] {
    const kind = this.#random.weighted(KINDS);
    if (kind !== 'chain') return [this.#transfer(kind)];
    const chain = Array.from({ length: this.#random.between(2, 4) }, () =>
      this.#transfer(this.#random.pick(['plain', 'plain', 'pending', 'post', 'malformed'])),
    );
    return chain.map((event, index) =>
      index === chain.length - 1
        ? event
        : this.#sentAs({ ...event, flags: event.flags | T.LINKED }),
    );
  }

  #transfer(kind: Exclude<Kind, 'chain'>): ModelTransfer {
    const random = this.#random;
    switch (kind) {
      case 'plain':
        return this.#sentAs(this.#move(0));
      case 'pending':
        return this.#hold({ timeout_s: random.pick([0, 0, 1, 1, 2, 5, 60]) });
      case 'closing':
        return this.#hold({
          timeout_s: random.pick([1, 2]),
          flags: T.PENDING | random.pick([T.CLOSING_DEBIT, T.CLOSING_CREDIT]),
        });
      case 'balancing':
        return this.#sentAs(this.#move(random.pick([T.BALANCING_DEBIT, T.BALANCING_CREDIT])));
      case 'post':
        return this.#resolve(T.POST_PENDING, random.pick([ID_MAX, ID_MAX, 1n, 7n]));
      case 'void':
        return this.#resolve(T.VOID_PENDING, 0n);
      case 'again':
        return this.#sent.length === 0 ? this.#transfer('plain') : random.pick(this.#sent);
      case 'malformed':
        return this.#sentAs({ ...this.#move(0), ...random.pick(MISTAKES) });
    }
  }

  #move(flags: number): ModelTransfer {
    const random = this.#random;
    const debit = BigInt(random.between(1, OPENED));
    const others = [2n, 4n, 6n].map((step) => ((debit - 1n + step) % BigInt(OPENED)) + 1n);
    return plainTransfer(this.#nextId(), {
      debit,
      credit: random.chance(5) ? BigInt(random.between(1, ACCOUNTS)) : random.pick(others),
      amount: random.chance(2) ? ID_MAX - 5n : BigInt(random.below(100)),
      userData64: BigInt(random.below(3)),
      userData32: random.below(3),
      ledger: unitOf(debit),
      code: random.between(1, 3),
      flags,
    });
  }

  #hold(more: Partial<ModelTransfer>): ModelTransfer {
    const event = this.#sentAs({ ...this.#move(T.PENDING), ...more });
    this.#pending.push(event);
    return event;
  }

  #resolve(flags: number, amount: bigint): ModelTransfer {
    const random = this.#random;
    const held = random.chance(80) ? this.#pending.slice(-12) : this.#pending;
    return this.#sentAs({
      ...this.#move(flags),
      debit: 0n,
      credit: 0n,
      ledger: 0,
      code: 0,
      amount,
      pendingId: held.length === 0 ? 3n : random.pick(held).id,
    });
  }

  #sentAs(event: ModelTransfer): ModelTransfer {
    this.#sent.push(event);
    return event;
  }

  #nextId(): bigint {
    const random = this.#random;
    const step = BigInt(random.between(1, 3));
    switch (random.weighted({ rising: 20, falling: 3, anywhere: 3 })) {
      case 'rising':
        return (this.#rising += step);
      case 'falling':
        return (this.#falling -= step);
      case 'anywhere':
        return (BigInt(random.word()) << 64n) | BigInt(random.word());
    }
  }
}

/** Accounts with odd numbers count in one unit, those with even ones in another. */
const unitOf = (account: bigint): number => 1 + Number(account % 2n);

const MISTAKES: readonly Partial<ModelTransfer>[] = [
  { id: 0n },
  { id: ID_MAX },
  { debit: 99n },
  { credit: 99n },
  { debit: 1n, credit: 1n },
  { ledger: 7 },
  { code: 0 },
  { flags: 1 << 12 },
  { flags: T.POST_PENDING | T.VOID_PENDING },
  { timeout_s: 3 },
  { timestamp: 5n },
  { debit: 1n, credit: 2n },
  { flags: T.PENDING, timeout_s: 2 ** 32 - 1 },
];

const importedAt =
  (now: bigint, random: SeededRandom) =>
  (event: ModelTransfer, index: number): ModelTransfer => ({
    ...event,
    flags: event.flags | T.IMPORTED,
    timeout_s: 0,
    timestamp: now - BigInt(random.below(200)) + BigInt(index * 40),
  });
